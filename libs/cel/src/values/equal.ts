import { equalJson, type JsonValue } from '@navarch/apimachinery';
import { Duration, isList, isMap, isOpaque, type ListValue, type MapValue, Optional, scalarKey, Timestamp, TypeValue, Uint, type Value } from './value';
import { spend } from './work';

/** -1, 0, 1; undefined where two values have no order (also NaN). Numbers compare across their types. */
export function compare(left: Value, right: Value): -1 | 0 | 1 | undefined {
  if (typeof left === 'string') return typeof right === 'string' ? compareTexts(left, right) : undefined;
  const [a, b] = [comparable(left), comparable(right)];
  if (a === undefined || b === undefined || a.kind !== b.kind) return undefined;
  return orderOf(a.value, b.value);
}

function orderOf<T extends bigint | number | string>(a: T, b: T): -1 | 0 | 1 | undefined {
  // Upstream compares ints with doubles as doubles: above 2^53 it takes neighbours for the same.
  if (typeof a !== typeof b) return orderOf(Number(a), Number(b));
  if (a < b) return -1;
  if (a > b) return 1;
  return a === b ? 0 : undefined;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** By code points. JavaScript compares UTF-16 units, which differs only where a half of a pair meets what lies above all halves. */
function compareTexts(left: string, right: string): -1 | 0 | 1 {
  if (left === right) return 0;
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  spend(at * 0.1);
  if (at === shorter) return left.length < right.length ? -1 : 1;
  const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
  const smaller = isSurrogate(a) === isSurrogate(b) ? a < b : isSurrogate(b);
  const plain = a < 0xd800 || b < 0xd800 ? a < b : smaller;
  return plain ? -1 : 1;
}

interface Comparable {
  readonly kind: string;
  readonly value: bigint | number | string;
}

function comparable(value: Value): Comparable | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return { kind: 'number', value };
  if (typeof value === 'boolean') return { kind: 'bool', value: value ? 1 : 0 };
  if (value instanceof Uint) return { kind: 'number', value: value.value };
  if (value instanceof Uint8Array) {
    spend(value.length * 0.1);
    return { kind: 'bytes', value: Buffer.from(value).toString('latin1') };
  }
  if (value instanceof Timestamp) return { kind: 'timestamp', value: value.ns };
  return value instanceof Duration ? { kind: 'duration', value: value.ns } : undefined;
}

/** Whether two values are the same; values of different types are not. */
export function equals(left: Value, right: Value): boolean {
  spend(1);
  if (typeof left === 'string') return typeof right === 'string' && equalTexts(left, right);
  if (left === right) return true;
  if (left === null || right === null) return false;
  const order = compare(left, right);
  if (order !== undefined) return order === 0;
  if (isList(left)) return isList(right) && equalLists(left, right);
  if (isMap(left)) return isMap(right) && equalMaps(left, right);
  if (isOpaque(left)) return isOpaque(right) && left.opaque === right.opaque && left.equals(right);
  if (left instanceof Optional) return right instanceof Optional && equalOptionals(left, right);
  return left instanceof TypeValue && right instanceof TypeValue && left.name === right.name;
}

function equalTexts(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  spend(left.length * 0.01);
  return left === right;
}

function equalOptionals({ value: a }: Optional, { value: b }: Optional): boolean {
  return a === undefined || b === undefined ? a === b : equals(a, b);
}

/** Members are made as they are read, on both sides. */
const MEMBER_WORK = 10;
/** The same, with the names looked up. */
const FIELD_WORK = 30;

function equalLists(left: ListValue, right: ListValue): boolean {
  if (left.size !== right.size) return false;
  const keyedBy = left.keyedBy ?? right.keyedBy;
  if (keyedBy !== undefined) {
    const others = new KeyedItems(right, keyedBy);
    for (const item of left) {
      spend(MEMBER_WORK);
      const other = others.find(item);
      if (other === undefined || !equals(item, other)) return false;
    }
    return true;
  }
  for (let i = 0; i < left.size; i++) {
    spend(MEMBER_WORK);
    if (!equals(left.at(i), right.at(i))) return false;
  }
  return true;
}

function equalMaps(left: MapValue, right: MapValue): boolean {
  if (left.size !== right.size) return false;
  for (const key of left.keys()) {
    spend(FIELD_WORK);
    const [a, b] = [left.get(key), right.get(key)];
    // A field that is null is as good as absent, on both sides.
    if (a === undefined && b === undefined) continue;
    if (a === undefined || b === undefined || !equals(a, b)) return false;
  }
  return sameUnseen(left, right);
}

/** As upstream, which looks only at what both have. */
function sameUnseen({ unseen }: MapValue, { unseen: others }: MapValue): boolean {
  if (!unseen || !others) return true;
  return Object.keys(unseen).every((name) => {
    spend(FIELD_WORK);
    return !Object.hasOwn(others, name) || equalJson(unseen[name] as JsonValue, others[name] as JsonValue);
  });
}

type KeyedBy = NonNullable<ListValue['keyedBy']>;

/** What tells an item of a set or of a keyed list from others; undefined where only a comparison can. */
function keyOf(item: Value, keyedBy: KeyedBy): string | undefined {
  if (keyedBy === 'value') return scalarKey(item);
  if (!isMap(item)) return undefined;
  const parts = keyedBy.map((name) => scalarKey(item.get(name) ?? null));
  return parts.includes(undefined) ? undefined : JSON.stringify(parts);
}

/** The items of a set or of a keyed list, found by their keys rather than one after the other. */
export class KeyedItems {
  private readonly byKey = new Map<string, Value>();
  private readonly others: Value[] = [];

  constructor(
    list: ListValue,
    private readonly keyedBy: KeyedBy,
  ) {
    for (const item of list) {
      spend(1);
      const key = keyOf(item, keyedBy);
      if (key === undefined) this.others.push(item);
      else if (!this.byKey.has(key)) this.byKey.set(key, item);
    }
  }

  /** The item that has the key of another. */
  find(item: Value): Value | undefined {
    spend(1);
    const key = keyOf(item, this.keyedBy);
    return key === undefined ? this.others.find((other) => this.same(other, item)) : this.byKey.get(key);
  }

  private same(a: Value, b: Value): boolean {
    if (this.keyedBy === 'value') return equals(a, b);
    return isMap(a) && isMap(b) && this.keyedBy.every((key) => equals(a.get(key) ?? null, b.get(key) ?? null));
  }
}
