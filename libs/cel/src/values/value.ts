/** A value of an expression. Ints are bigints, doubles are numbers; null, strings, bools and bytes are themselves. */
export type Value = Duration | ListValue | MapValue | OpaqueValue | Optional | Timestamp | TypeValue | Uint | Uint8Array | bigint | boolean | number | string | null;

export class Uint {
  constructor(readonly value: bigint) {}
}

/** A point in time, in nanoseconds since 1970, and the zone that it was written in, in minutes east of UTC: it is written so again. */
export class Timestamp {
  constructor(
    readonly ns: bigint,
    readonly zone = 0,
  ) {}
}

/** A length of time, in nanoseconds. */
export class Duration {
  constructor(readonly ns: bigint) {}
}

export class Optional {
  static readonly none = new Optional(undefined);

  constructor(readonly value: Value | undefined) {}
}

/** The value `type(x)` has. */
export class TypeValue {
  constructor(readonly name: string) {}
}

/** A value that only its own functions look into: a quantity, an URL. Equal when their texts are, unless it says otherwise. */
export interface OpaqueValue {
  readonly opaque: string;
  equals(other: OpaqueValue): boolean;
}

/** A list. Elements may be made as they are read. */
export interface ListValue extends Iterable<Value> {
  readonly list: true;
  readonly size: number;
  at(index: number): Value;
  /** How lists of a schema compare and add: sets and lists keyed by some fields ignore the order. */
  readonly keyedBy?: 'value' | readonly string[] | undefined;
  /** Lists of a schema are read by ints alone, not by other numbers. */
  readonly onlyInts?: boolean;
}

/** A map or an object. */
export interface MapValue {
  readonly map: true;
  readonly size: number;
  get(key: Value): Value | undefined;
  keys(): Iterable<Value>;
  /** The fields of a declared object are read by their escaped names; undefined for maps. */
  readonly field?: ((name: string) => Value | undefined) | undefined;
  /** Maps of a schema know no keys but texts. */
  readonly onlyTexts?: boolean;
  /** Members that no expression sees, of declared objects: what is equal has no others. */
  readonly unseen?: Readonly<Record<string, unknown>> | undefined;
  /** The name of the type of a declared object. */
  readonly typeName?: string | undefined;
}

const isObject = (value: Value): value is Exclude<Value, bigint | boolean | number | string | null> => typeof value === 'object' && value !== null;

export const isList = (value: Value): value is ListValue => isObject(value) && 'list' in value;
export const isMap = (value: Value): value is MapValue => isObject(value) && 'map' in value;
export const isOpaque = (value: Value): value is OpaqueValue => isObject(value) && 'opaque' in value;

/** The name of a value's type, as messages and `type()` have it. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    default:
      return nameOfObject(value);
  }
}

function nameOfObject(value: Exclude<Value, bigint | boolean | number | string | null>): string {
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  if (isList(value)) return 'list';
  return isMap(value) ? (value.typeName ?? 'map') : value.opaque;
}

/** A list of values at hand. */
export class ArrayList implements ListValue {
  readonly list = true;

  constructor(private readonly values: readonly Value[]) {}

  get size(): number {
    return this.values.length;
  }

  at(index: number): Value {
    return this.values[index] ?? null;
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.values[Symbol.iterator]();
  }
}

/** Two lists, one after the other. */
export class JoinedList implements ListValue {
  readonly list = true;
  readonly size: number;

  constructor(
    private readonly left: ListValue,
    private readonly right: ListValue,
  ) {
    this.size = left.size + right.size;
  }

  at(index: number): Value {
    return index < this.left.size ? this.left.at(index) : this.right.at(index - this.left.size);
  }

  *[Symbol.iterator](): Iterator<Value> {
    yield* this.left;
    yield* this.right;
  }
}

/** The ints from 0. */
export class RangeList implements ListValue {
  readonly list = true;

  constructor(readonly size: number) {}

  at(index: number): Value {
    return BigInt(index);
  }

  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.size; i++) yield BigInt(i);
  }
}

/** Numbers that are equal are one key, whatever their type. */
function keyText(key: Value): string {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === 'number') return `n${Number.isInteger(key) ? BigInt(key) : key}`;
  if (key instanceof Timestamp || key instanceof Duration) return `?${typeNameOf(key)} ${key.ns}`;
  return typeof key === 'bigint' ? `n${key}` : `?${typeNameOf(key)}`;
}

/** What is the same for equal scalars, and for them only; undefined for what is no scalar. */
export function scalarKey(value: Value): string | undefined {
  if (value === null) return '0';
  const text = keyText(value);
  return text.startsWith('?') ? undefined : text;
}

/** A map of values at hand. */
export class HashMap implements MapValue {
  readonly map = true;
  private readonly entries = new Map<string, readonly [Value, Value]>();

  constructor(
    entries: Iterable<readonly [Value, Value]> = [],
    readonly typeName?: string,
  ) {
    for (const [key, value] of entries) this.entries.set(keyText(key), [key, value]);
  }

  get size(): number {
    return this.entries.size;
  }

  /** Undefined takes away what was there. */
  set(key: Value, value: Value | undefined): void {
    if (value === undefined) this.entries.delete(keyText(key));
    else this.entries.set(keyText(key), [key, value]);
  }

  get(key: Value): Value | undefined {
    return this.entries.get(keyText(key))?.[1];
  }

  *keys(): Iterable<Value> {
    for (const [key] of this.entries.values()) yield key;
  }
}

/** A key as messages show it. */
export const keyAsText = (key: Value): string => (typeof key === 'number' ? String(key) : keyText(key).slice(1));
