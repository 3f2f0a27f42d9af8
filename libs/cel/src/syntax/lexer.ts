import { LiteralError, unescape } from './literals';
import type { Literal } from './expr';
import { CompileError } from './source-error';

/** A piece of the text. Identifiers in backticks are `quoted`. */
export type Token =
  | { readonly kind: 'literal'; readonly at: number; readonly text: string; readonly literal: Literal }
  | { readonly kind: 'ident'; readonly at: number; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'operator'; readonly at: number; readonly text: string }
  | { readonly kind: 'end'; readonly at: number; readonly text: string };

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const IDENT = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const QUOTED = /`([a-zA-Z0-9_.\-/ ]+)`/y;
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const STRING = /([bB]?[rR]?|[rR][bB])("""|'''|"|')/y;
const OPERATOR = /&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;

const MAX_INT = 2n ** 63n;
const MAX_UINT = 2n ** 64n;

/** Cuts an expression into tokens. @throws CompileError */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  while (at < source.length) {
    const space = match(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    const token = stringAt(source, at, match(STRING)) ?? numberAt(source, at, match(NUMBER)) ?? wordAt(at, match(IDENT), match(QUOTED)) ?? operatorAt(at, match(OPERATOR));
    if (!token) throw new CompileError(source, [{ at, message: `Syntax error: token recognition error at: '${source[at] ?? ''}'` }]);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', at: source.length, text: '<EOF>' });
  return tokens;
}

function wordAt(at: number, ident: RegExpExecArray | null, quoted: RegExpExecArray | null): Token | undefined {
  if (quoted) return { kind: 'ident', at, text: quoted[0], quoted: true };
  if (!ident) return undefined;
  const [text] = ident;
  if (text === 'true' || text === 'false') return { kind: 'literal', at, text, literal: { type: 'bool', value: text === 'true' } };
  if (text === 'null') return { kind: 'literal', at, text, literal: { type: 'null', value: null } };
  return { kind: 'ident', at, text, quoted: false };
}

function operatorAt(at: number, found: RegExpExecArray | null): Token | undefined {
  return found ? { kind: 'operator', at, text: found[0] } : undefined;
}

function numberAt(source: string, at: number, found: RegExpExecArray | null): Token | undefined {
  if (!found) return undefined;
  const [text] = found;
  if (/^\.\d/.test(text) && /[\w)\]]/.test(source[at - 1] ?? '')) return undefined;
  if (/^[^x]*[.eE]/.test(text) && !text.startsWith('0x')) return { kind: 'literal', at, text, literal: { type: 'double', value: Number(text) } };
  const unsigned = /[uU]$/.test(text);
  const value = BigInt(unsigned ? text.slice(0, -1) : text);
  // One more than the largest is allowed after a minus sign: the parser looks at it again.
  if (unsigned ? value >= MAX_UINT : value > MAX_INT) throw new CompileError(source, [{ at, message: `Syntax error: invalid ${unsigned ? 'uint' : 'int'} literal` }]);
  return { kind: 'literal', at, text, literal: { type: unsigned ? 'uint' : 'int', value } };
}

function stringAt(source: string, at: number, found: RegExpExecArray | null): Token | undefined {
  if (!found) return undefined;
  const [head, prefix = '', quote = ''] = found;
  const raw = /[rR]/.test(prefix);
  const bytes = /[bB]/.test(prefix);
  const start = at + head.length;
  const end = endOf(source, start, quote, raw);
  if (end === undefined) throw new CompileError(source, [{ at, message: `Syntax error: token recognition error at: '${source.slice(at)}'` }]);
  const text = source.slice(at, end + quote.length);
  try {
    const value = unescape(source.slice(start, end), { raw, bytes });
    return { kind: 'literal', at, text, literal: typeof value === 'string' ? { type: 'string', value } : { type: 'bytes', value } };
  } catch (error) {
    if (error instanceof LiteralError) throw new CompileError(source, [{ at, message: error.message }]);
    throw error;
  }
}

/** Where the closing quote is. */
function endOf(source: string, start: number, quote: string, raw: boolean): number | undefined {
  for (let at = start; at < source.length; at++) {
    if (source.startsWith(quote, at)) return at;
    if (source[at] === '\\' && !raw) at++;
    if (source[at] === '\n' && quote.length === 1) return undefined;
  }
  return undefined;
}
