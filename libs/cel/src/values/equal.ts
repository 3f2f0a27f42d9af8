import { Duration, isList, isMap, isOpaque, type ListValue, type MapValue, Optional, Timestamp, TypeValue, Uint, type Value } from './value';

/** -1, 0, 1; undefined where two values have no order (also NaN). Numbers compare across their types. */
export function compare(left: Value, right: Value): -1 | 0 | 1 | undefined {
  const [a, b] = [comparable(left), comparable(right)];
  if (a === undefined || b === undefined || a.kind !== b.kind) return undefined;
  if (a.value < b.value) return -1;
  if (a.value > b.value) return 1;
  return a.value == b.value ? 0 : undefined;
}

interface Comparable {
  readonly kind: string;
  readonly value: bigint | number | string;
}

function comparable(value: Value): Comparable | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return { kind: 'number', value };
  // JavaScript compares UTF-16 units, which differs from code points only beyond U+FFFF: bytes settle it.
  if (typeof value === 'string') return { kind: 'string', value: Buffer.from(value).toString('latin1') };
  if (typeof value === 'boolean') return { kind: 'bool', value: value ? 1 : 0 };
  if (value instanceof Uint) return { kind: 'number', value: value.value };
  if (value instanceof Uint8Array) return { kind: 'bytes', value: Buffer.from(value).toString('latin1') };
  if (value instanceof Timestamp) return { kind: 'timestamp', value: value.ns };
  return value instanceof Duration ? { kind: 'duration', value: value.ns } : undefined;
}

/** Whether two values are the same; values of different types are not. */
export function equals(left: Value, right: Value): boolean {
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

function equalOptionals({ value: a }: Optional, { value: b }: Optional): boolean {
  return a === undefined || b === undefined ? a === b : equals(a, b);
}

function equalLists(left: ListValue, right: ListValue): boolean {
  if (left.size !== right.size) return false;
  const keyedBy = left.keyedBy ?? right.keyedBy;
  if (keyedBy !== undefined) return [...left].every((item) => [...right].some((other) => equals(item, other)));
  for (let i = 0; i < left.size; i++) if (!equals(left.at(i), right.at(i))) return false;
  return true;
}

function equalMaps(left: MapValue, right: MapValue): boolean {
  if (left.size !== right.size) return false;
  for (const key of left.keys()) {
    const [a, b] = [left.get(key), right.get(key)];
    if (a === undefined || b === undefined || !equals(a, b)) return false;
  }
  return true;
}
