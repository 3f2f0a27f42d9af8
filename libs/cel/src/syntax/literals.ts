/** Why a literal is none. */
export class LiteralError extends Error {
  override readonly name = 'LiteralError';
}

const SIMPLE: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, '\'': 39, '"': 34, '`': 96, '?': 63 };
/** Escapes by number: how many digits follow, and in which base. */
const NUMBERED: Readonly<Record<string, readonly [digits: number, base: number]>> = { x: [2, 16], X: [2, 16], u: [4, 16], U: [8, 16] };

/** The value of the text between the quotes of a string or bytes literal. @throws LiteralError */
export function unescape(text: string, { raw, bytes }: { readonly raw: boolean; readonly bytes: boolean }): string | Uint8Array {
  const parts: Buffer[] = [];
  let value = '';
  const flush = (): void => {
    if (value !== '') parts.push(Buffer.from(value));
    value = '';
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (raw || character !== '\\') {
      value += character;
      continue;
    }
    const { code, length, octet } = escape(text, at + 1);
    at += length;
    // In bytes, \x and octal escapes are bytes, in strings they are code points.
    if (bytes && octet) {
      flush();
      parts.push(Buffer.from([code & 0xff]));
    } else if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new LiteralError('invalid unicode code point');
    else value += String.fromCodePoint(code);
  }
  if (!bytes) return value;
  flush();
  return new Uint8Array(Buffer.concat(parts));
}

function escape(text: string, at: number): { readonly code: number; readonly length: number; readonly octet: boolean } {
  const letter = text[at] ?? '';
  const simple = SIMPLE[letter];
  if (simple !== undefined) return { code: simple, length: 1, octet: false };
  const numbered = NUMBERED[letter];
  const [digits, base, skip] = numbered ? [...numbered, 1] : [3, 8, 0];
  const number = text.slice(at + skip, at + skip + digits);
  const fits = base === 16 ? /^[0-9a-fA-F]+$/ : /^[0-3][0-7]{2}$/;
  if (number.length !== digits || !fits.test(number)) throw new LiteralError(`unable to unescape string`);
  return { code: parseInt(number, base), length: skip + digits, octet: letter === 'x' || letter === 'X' || !numbered };
}
