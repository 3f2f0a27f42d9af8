/** A piece of a selector's text. `word` is a key, a value, or the operators in and notin, which may also be values. */
export interface SelectorToken {
  readonly kind: '!' | '!=' | '(' | ')' | ',' | '<' | '=' | '==' | '>' | 'end' | 'error' | 'word';
  readonly text: string;
}

const special = /[=!(),><]/;
// Upstream's white space; any other is part of a word, which it makes invalid.
const space = /[ \t\r\n]/;
const symbols = new Set(['!', '!=', '(', ')', ',', '<', '=', '==', '>']);

/** Splits a label selector; never fails: what is no symbol becomes an error token. */
export function lexSelector(text: string): SelectorToken[] {
  const tokens: SelectorToken[] = [];
  let at = 0;
  while (at < text.length) {
    const first = text.charAt(at);
    if (space.test(first)) {
      at++;
    } else if (special.test(first)) {
      const two = text.slice(at, at + 2);
      const symbol = symbols.has(two) ? two : first;
      tokens.push({ kind: symbol as SelectorToken['kind'], text: symbol });
      at += symbol.length;
    } else {
      const start = at;
      while (at < text.length && !special.test(text.charAt(at)) && !space.test(text.charAt(at))) at++;
      tokens.push({ kind: 'word', text: text.slice(start, at) });
    }
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}
