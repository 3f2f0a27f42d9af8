import { EvalError } from '../values/eval-error';
import { pointIndex, points } from '../values/points';
import { ArrayList, type ListValue } from '../values/value';
import { spend } from '../values/work';
import { formatText } from './format-text';
import { overload, type Overload, stringCost } from './overload';

/** What Unicode calls white space, which is not quite what JavaScript does. */
const isSpace = (character: string | undefined): boolean => character !== undefined && /\p{White_Space}/u.test(character);

/** From both ends inwards: a pattern that looks for the last run of spaces tries each run before it, to its end. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

const once = (size: number): number => Math.max(1, stringCost(size));
const traverse = { cost: once, size: (size: number): number => size };
const search = { cost: (text: number, part: number): number => once(text) * once(part) };


function position(index: bigint, length: number): number {
  const at = Number(index);
  if (at < 0 || at > length) throw new EvalError(`index out of range: ${index}`);
  return at;
}

function substring(text: string, from: bigint, to?: bigint): string {
  const all = pointIndex(text);
  const start = position(from, all.length);
  const end = to === undefined ? all.length : position(to, all.length);
  if (end < start) throw new EvalError(`invalid substring range. start: ${start}, end: ${end}`);
  return text.slice(all.unitOf(start), all.unitOf(end));
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const all = pointIndex(text);
  const at = text.indexOf(part, all.unitOf(position(from, all.length)));
  return at < 0 ? -1n : BigInt(all.pointOf(at));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const all = pointIndex(text);
  const limit = Math.min(from === undefined ? all.length : position(from, all.length), all.length - pointIndex(part).length);
  const at = limit < 0 ? -1 : text.lastIndexOf(part, all.unitOf(limit));
  return at < 0 ? -1n : BigInt(all.pointOf(at));
}

function replace(text: string, from: string, to: string, times = -1n): string {
  const growth = Math.max(0, to.length - from.length);
  const pieces = from === '' ? ['', ...points(text), ''] : text.split(from);
  spend(pieces.length * (0.2 + growth * 0.1));
  if (times < 0n || times >= BigInt(pieces.length - 1)) return pieces.join(to);
  const replaced = Number(times);
  return [pieces.slice(0, replaced + 1).join(to), ...pieces.slice(replaced + 1)].join(from);
}

function reverse(text: string): string {
  const units = new Uint16Array(text.length);
  for (let i = 0, to = text.length - 1; i < text.length; i++, to--) units[to] = text.charCodeAt(i);
  for (let i = 0; i + 1 < units.length; i++) {
    const [low = 0, high = 0] = [units[i], units[i + 1]];
    if (low < 0xdc00 || low > 0xdfff || high < 0xd800 || high > 0xdbff) continue;
    units[i++] = high;
    units[i] = low;
  }
  return Buffer.from(units.buffer).toString('utf16le');
}

function split(text: string, by: string, limit = -1n): ArrayList {
  if (limit === 0n) return new ArrayList([]);
  const parts = by === '' ? points(text) : text.split(by);
  if (limit < 0n || BigInt(parts.length) <= limit) return new ArrayList(parts);
  const head = parts.slice(0, Number(limit) - 1);
  return new ArrayList([...head, parts.slice(head.length).join(by)]);
}

function join(list: ListValue, by = ''): string {
  const parts: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') throw new EvalError('no such overload');
    spend(1 + (item.length + by.length) * 0.1);
    parts.push(item);
  }
  return parts.join(by);
}

function charAt(text: string, index: bigint): string {
  const all = pointIndex(text);
  const at = position(index, all.length);
  return at === all.length ? '' : text.slice(all.unitOf(at), all.unitOf(at + 1));
}

const quoteSpecial: Readonly<Record<string, string>> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"' };
const SPECIAL = new RegExp(`[${Object.keys(quoteSpecial).map((character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}]`, 'g');

export const strings: readonly Overload[] = [
  overload('string -> contains(string): bool', (a: string, b: string) => a.includes(b), search),
  overload('string -> startsWith(string): bool', (a: string, b: string) => a.startsWith(b), { cost: (_, part) => once(part) }),
  overload('string -> endsWith(string): bool', (a: string, b: string) => a.endsWith(b), { cost: (_, part) => once(part) }),
  overload('string -> charAt(int): string', charAt, { size: () => 1 }),
  overload('string -> indexOf(string): int', (a: string, b: string) => indexOf(a, b), search),
  overload('string -> indexOf(string, int): int', indexOf, search),
  overload('string -> lastIndexOf(string): int', (a: string, b: string) => lastIndexOf(a, b), search),
  overload('string -> lastIndexOf(string, int): int', lastIndexOf, search),
  overload('string -> lowerAscii(): string', (a: string) => a.replace(/[A-Z]+/g, (part) => part.toLowerCase()), traverse),
  overload('string -> upperAscii(): string', (a: string) => a.replace(/[a-z]+/g, (part) => part.toUpperCase()), traverse),
  overload('string -> trim(): string', trim, traverse),
  overload('string -> reverse(): string', reverse, traverse),
  overload('string -> substring(int): string', (a: string, from: bigint) => substring(a, from), traverse),
  overload('string -> substring(int, int): string', substring, traverse),
  overload('string -> replace(string, string): string', (a: string, b: string, c: string) => replace(a, b, c), { cost: once, size: (text, from, to) => text + text * Math.max(0, to - Math.min(from, to)) }),
  overload('string -> replace(string, string, int): string', replace, { cost: once, size: (text, from, to) => text + text * Math.max(0, to - Math.min(from, to)) }),
  overload('string -> split(string): list<string>', (a: string, b: string) => split(a, b), traverse),
  overload('string -> split(string, int): list<string>', split, traverse),
  overload('list<string> -> join(): string', (list: ListValue) => join(list), { cost: (size) => Math.max(1, size), size: (size) => size }),
  overload('list<string> -> join(string): string', join, { cost: (size, by) => Math.max(1, size + stringCost(by)), size: (size, by) => size * (1 + by) }),
  overload('string -> format(list<dyn>): string', (text: string, values: ListValue) => formatText(text, values), { cost: (text, values) => once(text) + values, size: (text) => text }),
  overload('strings.quote(string): string', (a: string) => `"${a.replace(SPECIAL, (character) => quoteSpecial[character] ?? character)}"`, traverse),
];

