/** Characters Go prints with `%q` as they are: everything Unicode calls a letter, mark, number, punctuation or symbol, and the space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
};

/** Whether Go's unicode.IsPrint holds for this one character. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

/** Quotes a string as Go's strconv.Quote and `%q` do; API messages are full of them. */
export function goQuote(value: string): string {
  if (/^[ !#-[\]-~]*$/.test(value)) return `"${value}"`;
  let quoted = '"';
  for (const character of value) quoted += shortEscapes[character] ?? (isPrintable(character) ? character : escapeCodePoint(character));
  return quoted + '"';
}

function escapeCodePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
