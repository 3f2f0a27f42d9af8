import { type CelType, types } from '../types/cel-type';
import { Duration, isList, isMap, isOpaque, Optional, Timestamp, TypeValue, Uint, type Value } from '../values/value';
import type { ScalarName } from '../types/cel-type';

/** Given the sizes of the arguments (1 for what has none), something that grows with them. */
export type SizeFunction = (...sizes: number[]) => number;

/** One way to call a function. The target of a method is its first argument. */
export interface Overload {
  readonly name: string;
  readonly method: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  call(...args: Value[]): Value;
  /** Undefined: 1. */
  readonly cost: SizeFunction | undefined;
  /** The size of a string or list that comes out. */
  readonly size: SizeFunction | undefined;
}

interface Sizes {
  readonly cost?: SizeFunction;
  readonly size?: SizeFunction;
}

// The implementation takes the values its signature names: the table is what makes sure of it.
type Implementation = (...args: never[]) => Value;

/** Declares an overload by its signature: `_+_(int, int): int`, `string -> matches(string): bool`, `list<A> -> indexOf(A): int`. */
export function overload(signature: string, call: Implementation, { cost, size }: Sizes = {}): Overload {
  const match = /^(?:(.+) -> )?([^()]+)\((.*)\): (.+)$/.exec(signature);
  if (!match) throw new Error(`not a signature: ${signature}`);
  const [, target, name = '', params = '', result = ''] = match;
  const all = [...(target === undefined ? [] : [target]), ...split(params)];
  return {
    name, method: target !== undefined, params: all.map(typeFrom), result: typeFrom(result), call: call, cost, size,
  };
}

/** At commas outside of brackets. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '<') depth++;
    if (character === '>') depth--;
    if (character === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += character;
  }
  return part.trim() === '' ? parts : [...parts, part.trim()];
}

const SCALARS = new Set<string>(['bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'null', 'string', 'timestamp', 'uint'] satisfies ScalarName[]);
const isScalar = (text: string): text is ScalarName => SCALARS.has(text);

function typeFrom(text: string): CelType {
  const generic = /^(list|map|optional|type)<(.+)>$/.exec(text);
  if (!generic) {
    if (isScalar(text)) return { kind: text };
    return /^[A-Z]$/.test(text) ? { kind: 'param', name: text } : types.opaque(text);
  }
  const [first = types.dyn, second = types.dyn] = split(generic[2] ?? '').map(typeFrom);
  switch (generic[1]) {
    case 'list':
      return types.list(first);
    case 'map':
      return types.map(first, second);
    case 'optional':
      return types.optional(first);
    default:
      return types.type(first);
  }
}

/** Whether a value is one of a type, as far as that shows without looking into it. */
export function isOf(value: Value, type: CelType): boolean {
  switch (type.kind) {
    case 'int':
      return typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'null':
      return value === null;
    case 'uint':
      return value instanceof Uint;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'list':
      return isList(value);
    case 'map':
    case 'object':
      return isMap(value);
    case 'optional':
      return value instanceof Optional;
    case 'type':
      return value instanceof TypeValue;
    case 'opaque':
      return isOpaque(value) && value.opaque === type.name;
    default:
      return true;
  }
}

/** The size that costs of a value grow with. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  return isList(value) || isMap(value) ? value.size : 1;
}

/** Going through a string costs a tenth of its length. */
export const stringCost = (size: number): number => Math.ceil(size * 0.1);
/** Matching costs the product of going through the text and of the pattern's length. */
export const regexCost = (size: number, pattern: number): number => Math.ceil((size + 1) * 0.1) * Math.ceil(pattern * 0.25);
