import { valuesOf, type Schema } from './schema';

/** Names in quotes, the marks between names, names. */
const TOKENS = /'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]]+/g;
const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', "'": "'", '\\': '\\' };

/**
 * Where a path such as `.spec['a.b'].c` leads in a schema, or why it leads nowhere.
 * Mirrors pkg/apiserver/schema/cel/validation.go, ValidFieldPath.
 */
export function followFieldPath(path: string, root: Schema | undefined, brackets: boolean): Schema | string {
  const tokens = path.match(TOKENS) ?? [];
  let at = root;
  for (let i = 0; i < tokens.length;) {
    const mark = tokens[i++];
    if (mark !== '.' && mark !== '[') return `expected [ or . but got: ${mark ?? ''}`;
    if (mark === '[' && !brackets) return 'array notation is not allowed';
    const token = tokens[i++];
    if (token === undefined) return 'unexpected end of JSON path';
    const name = mark === '[' ? quoted(token) : token;
    if (typeof name === 'object') return name.problem;
    at = at?.properties ? at.properties[name] : at && valuesOf(at);
    if (at === undefined) return 'does not refer to a valid field';
    if (mark === '.') continue;
    const end = tokens[i++];
    if (end !== ']') return end === undefined ? 'unexpected end of JSON path' : `expected ] but got ${end}`;
  }
  return at ?? 'does not refer to a valid field';
}

function quoted(token: string): string | { readonly problem: string } {
  if (!/^'.*'$/s.test(token)) return { problem: `expected single quoted string but got ${token}` };
  const wrong = /\\[^abfnrtv'\\]/s.exec(token);
  if (wrong) return { problem: `invalid string literal: invalid escape char ${wrong[0]}` };
  return token.slice(1, -1).replace(/\\(.)/gs, (_, escaped: string) => ESCAPES[escaped] ?? '');
}
