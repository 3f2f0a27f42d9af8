import { parseQuantity, QuantityError } from '../quantity';
import { formatTime, isTime, parseTime } from '../text/time';
import { explainTimeError } from '../text/time-error';
import { DecodeError } from './decode-error';
import { type JsonValue } from './json-value';
import { type ScalarKind, type ScalarType } from '../schema/schema-type';

/** Says that a value of this JSON kind does not fit; the caller knows where. */
export type Mismatch = (found: string, goType: string) => DecodeError;

/** Gives the value as Go would write it back. Never called with null. */
export function conformScalar(value: JsonValue, type: ScalarType, mismatch: Mismatch): JsonValue {
  switch (type.scalar) {
    case 'string':
      if (typeof value === 'string') return value;
      throw mismatch(jsonKind(value), type.goType);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw mismatch(jsonKind(value), type.goType);
    case 'int32':
    case 'int64':
      return conformInteger(value, type.scalar, type.goType, mismatch);
    case 'double':
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
      throw mismatch(jsonKind(value), type.goType);
    case 'bytes':
      return conformBytes(value, mismatch);
    case 'intOrString':
      return typeof value === 'string' ? value : conformInteger(value, 'int32', 'int32', mismatch);
    case 'quantity':
      return conformQuantity(value);
    case 'time':
    case 'microTime':
      if (typeof value !== 'string') throw mismatch(jsonKind(value), 'string');
      return type.scalar === 'time' ? conformTime(value) : conformMicroTime(value);
  }
}

/** How Go's errors name a value. */
export function jsonKind(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** Whether Go's omitempty leaves this out. */
export function isZeroScalar(value: JsonValue, scalar: ScalarKind): boolean {
  switch (scalar) {
    case 'string':
    case 'bytes':
      return value === '';
    case 'boolean':
      return value === false;
    case 'int32':
    case 'int64':
    case 'double':
      return value === 0 || value === 0n;
    default:
      // Structs in Go: never empty.
      return false;
  }
}

function conformInteger(value: JsonValue, size: 'int32' | 'int64', goType: string, mismatch: Mismatch): bigint | number {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && (size === 'int64' || (value >= -(2 ** 31) && value < 2 ** 31))) return value;
    throw mismatch(`number ${value}`, goType);
  }
  if (typeof value === 'bigint') {
    if (size === 'int64' && value < 2n ** 63n) return value;
    throw mismatch(`number ${value}`, goType);
  }
  throw mismatch(jsonKind(value), goType);
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function conformBytes(value: JsonValue, mismatch: Mismatch): string {
  if (typeof value !== 'string') throw mismatch(jsonKind(value), '[]uint8');
  if (base64.test(value)) return value;
  const packed = value.replace(/[\r\n]/g, '');
  if (base64.test(packed)) return packed;
  const wrong = value.search(/[^A-Za-z0-9+/=\r\n]/);
  throw new DecodeError(`illegal base64 data at input byte ${wrong >= 0 ? wrong : Math.max(0, packed.replace(/=+$/, '').length - (packed.replace(/=+$/, '').length % 4))}`);
}

function conformQuantity(value: JsonValue): string {
  const text = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value).trim() : '{}';
  try {
    parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) throw new DecodeError(error.message);
    throw error;
  }
  return text;
}

const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function conformTime(value: string): string {
  if (canonicalTime.test(value) && isTime(value)) return value;
  const ms = parseTime(value);
  if (ms === undefined) throw new DecodeError(explainTimeError(value, '2006-01-02T15:04:05Z07:00'));
  return formatTime(ms);
}

const canonicalMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Six digits of fraction are kept; more are cut. */
function conformMicroTime(value: string): string {
  if (canonicalMicroTime.test(value) && isTime(value)) return value;
  const ms = parseTime(value);
  if (ms === undefined) throw new DecodeError(explainTimeError(value, '2006-01-02T15:04:05.000000Z07:00'));
  const fraction = /[.,](\d+)/.exec(value)?.[1] ?? '';
  return `${formatTime(ms).slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}
