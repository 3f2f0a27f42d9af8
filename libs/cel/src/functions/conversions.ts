import { EvalError } from '../values/eval-error';
import { pointIndex } from '../values/points';
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp, timestampOf } from '../values/time';
import { Duration, type ListValue, type MapValue, type Timestamp, typeNameOf, TypeValue, type Uint, type Value } from '../values/value';
import { int, uint } from './arithmetic';
import { overload, type Overload, stringCost } from './overload';

const traverse = { cost: (size: number): number => Math.max(1, stringCost(size)), size: (size: number): number => size };

/** @param above what is no larger is too small: the number itself may be rounded */
function whole(value: number, what: string, above: number): bigint {
  if (!Number.isFinite(value) || value <= above) throw new EvalError(what);
  return BigInt(Math.trunc(value));
}

function parseInteger(text: string, unsigned: boolean): bigint {
  if (!(unsigned ? /^\d+$/ : /^[+-]?\d+$/).test(text)) throw new EvalError(`strconv.${unsigned ? 'ParseUint' : 'ParseInt'}: parsing ${JSON.stringify(text)}: invalid syntax`);
  return BigInt(text.replace(/^\+/, ''));
}

function parseDouble(text: string): number {
  const value = Number(text);
  if (text.trim() !== text || text === '' || (Number.isNaN(value) && text !== 'NaN')) throw new EvalError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw new EvalError(`Type conversion error from 'string' to 'bool'`);
}

/** From so many digits before the point on, Go writes an exponent. */
const SHORT_DIGITS = 6;

/** As Go's `%g` with the fewest digits that tell the number. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  if (Number(exponent) >= -4 && Number(exponent) < SHORT_DIGITS) return String(value);
  return `${digits}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new EvalError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

function timestamp(text: string): Timestamp {
  const parsed = parseTimestamp(text);
  if (!parsed) throw new EvalError(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  return parsed;
}

function duration(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed) throw new EvalError(`time: invalid duration ${JSON.stringify(text)}`);
  return parsed;
}

export const conversions: readonly Overload[] = [
  overload('int(int): int', (a: bigint) => a),
  overload('int(uint): int', (a: Uint) => int(a.value)),
  overload('int(double): int', (a: number) => int(whole(a, 'integer overflow', -(2 ** 63)))),
  overload('int(string): int', (a: string) => int(parseInteger(a, false)), traverse),
  overload('int(timestamp): int', (a: Timestamp) => a.ns / 1_000_000_000n),
  overload('int(duration): int', (a: Duration) => a.ns),
  overload('uint(uint): uint', (a: Uint) => a),
  overload('uint(int): uint', (a: bigint) => uint(a)),
  overload('uint(double): uint', (a: number) => uint(whole(a, 'unsigned integer overflow', -Number.MIN_VALUE))),
  overload('uint(string): uint', (a: string) => uint(parseInteger(a, true)), traverse),
  overload('double(double): double', (a: number) => a),
  overload('double(int): double', (a: bigint) => Number(a)),
  overload('double(uint): double', (a: Uint) => Number(a.value)),
  overload('double(string): double', parseDouble, traverse),
  overload('string(string): string', (a: string) => a, traverse),
  overload('string(int): string', (a: bigint) => a.toString()),
  overload('string(uint): string', (a: Uint) => a.value.toString()),
  overload('string(double): string', doubleText),
  overload('string(bool): string', (a: boolean) => String(a)),
  overload('string(bytes): string', decodeUtf8, traverse),
  overload('string(timestamp): string', formatTimestamp),
  overload('string(duration): string', formatDuration),
  overload('bytes(bytes): bytes', (a: Uint8Array) => a),
  overload('bytes(string): bytes', (a: string) => new Uint8Array(Buffer.from(a)), traverse),
  overload('bool(bool): bool', (a: boolean) => a),
  overload('bool(string): bool', parseBool),
  overload('timestamp(timestamp): timestamp', (a: Timestamp) => a),
  overload('timestamp(string): timestamp', timestamp),
  overload('timestamp(int): timestamp', (a: bigint) => timestampOf(a * 1_000_000_000n)),
  overload('duration(duration): duration', (a: Duration) => a),
  overload('duration(int): duration', (a: bigint) => new Duration(a)),
  overload('duration(string): duration', duration),
  overload('dyn(A): dyn', (a: Value) => a),
  overload('type(A): type<A>', (a: Value) => new TypeValue(typeNameOf(a))),
  overload('size(string): int', (a: string) => BigInt(pointIndex(a).length), { cost: (size) => Math.max(1, stringCost(size)) }),
  overload('string -> size(): int', (a: string) => BigInt(pointIndex(a).length), { cost: (size) => Math.max(1, stringCost(size)) }),
  ...['size(%): int', '% -> size(): int'].flatMap((signature) => [
    overload(signature.replace('%', 'bytes'), (a: Uint8Array) => BigInt(a.length)),
    overload(signature.replace('%', 'list<A>'), (a: ListValue) => BigInt(a.size)),
    overload(signature.replace('%', 'map<A, B>'), (a: MapValue) => BigInt(a.size)),
  ]),
];
