import { EvalError } from './eval-error';
import { formatDuration, formatTimestamp } from './time';
import { Duration, isList, isMap, Optional, Timestamp, typeNameOf, Uint, type Value } from './value';

type Json = Json[] | bigint | boolean | number | string | { [name: string]: Json } | null;

/** A value as JSON. @throws EvalError for what JSON has no form for */
export function toJson(value: Value): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Uint) return toJson(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return formatTimestamp(new Timestamp(value.ns));
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Optional && value.value !== undefined) return toJson(value.value);
  if (isList(value)) return [...value].map(toJson);
  if (isMap(value)) return Object.fromEntries([...value.keys()].map((key) => [keyOf(key), toJson(value.get(key) ?? null)]));
  throw new EvalError(`type conversion error from '${typeNameOf(value)}' to JSON`);
}

function keyOf(key: Value): string {
  if (typeof key !== 'string') throw new EvalError(`unsupported map key type '${typeNameOf(key)}': JSON has strings only`);
  return key;
}
