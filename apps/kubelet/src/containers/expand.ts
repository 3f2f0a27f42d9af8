import { ContainerConfigError } from './config-error';
import { longestText } from './process-limits';

/**
 * Replaces `$(NAME)` by what `lookup` says. An unknown name stays as written, `$$` is a dollar sign, and any other
 * use of a dollar sign means itself: upstream's third_party/forked/golang/expansion. Throws ContainerConfigError for what becomes
 * longer than a process can be given, where upstream builds it and the process fails.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text;
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    if (text[at] !== '$' || next === undefined) {
      result += text[at] ?? '';
    } else if (next === '$') {
      result += '$';
      at++;
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2);
      if (end < 0) {
        result += '$(';
        at++;
      } else {
        const name = text.slice(at + 2, end);
        result += lookup(name) ?? `$(${name})`;
        if (result.length > longestText) throw new ContainerConfigError(`references expand to more than ${longestText} bytes: no process can be given that`);
        at = end;
      }
    } else {
      result += `$${next}`;
      at++;
    }
  }
  return result;
}
