import { EvalError } from '../values/eval-error';
import { KeyedItems } from '../values/equal';
import { timestampOf } from '../values/time';
import { ArrayList, Duration, JoinedList, type ListValue, type Timestamp, Uint, type Value } from '../values/value';
import { overload, type Overload, stringCost } from './overload';

const MAX_INT = 2n ** 63n;

/** @throws EvalError outside of 64 bits */
export function int(value: bigint): bigint {
  if (value >= MAX_INT || value < -MAX_INT) throw new EvalError('integer overflow');
  return value;
}

export function uint(value: bigint): Uint {
  if (value < 0n || value >= 2n ** 64n) throw new EvalError('unsigned integer overflow');
  return new Uint(value);
}

function duration(ns: bigint): Duration {
  if (BigInt.asIntN(64, ns) !== ns) throw new EvalError('duration overflow');
  return new Duration(ns);
}

function divisor(value: bigint, what: string): bigint {
  if (value === 0n) throw new EvalError(what);
  return value;
}

/** How lists add: those of sets and keyed lists take each element once, the right one's where both have it. */
function concat(left: ListValue, right: ListValue): ListValue {
  const { keyedBy } = left;
  if (keyedBy === undefined) return new JoinedList(left, right);
  const [ours, theirs] = [new KeyedItems(left, keyedBy), new KeyedItems(right, keyedBy)];
  const merged: Value[] = [];
  for (const item of left) merged.push(theirs.find(item) ?? item);
  for (const item of right) if (ours.find(item) === undefined) merged.push(item);
  return new ArrayList(merged);
}

const both = { cost: (a: number, b: number): number => stringCost(a + b), size: (a: number, b: number): number => a + b };

export const arithmetic: readonly Overload[] = [
  overload('_+_(int, int): int', (a: bigint, b: bigint) => int(a + b)),
  overload('_+_(uint, uint): uint', (a: Uint, b: Uint) => uint(a.value + b.value)),
  overload('_+_(double, double): double', (a: number, b: number) => a + b),
  overload('_+_(string, string): string', (a: string, b: string) => a + b, both),
  overload('_+_(bytes, bytes): bytes', (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]), both),
  overload('_+_(list<A>, list<A>): list<A>', concat, { size: (a, b) => a + b }),
  overload('_+_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => timestampOf(a.ns + b.ns, a.zone)),
  overload('_+_(duration, timestamp): timestamp', (a: Duration, b: Timestamp) => timestampOf(a.ns + b.ns, b.zone)),
  overload('_+_(duration, duration): duration', (a: Duration, b: Duration) => duration(a.ns + b.ns)),
  overload('_-_(int, int): int', (a: bigint, b: bigint) => int(a - b)),
  overload('_-_(uint, uint): uint', (a: Uint, b: Uint) => uint(a.value - b.value)),
  overload('_-_(double, double): double', (a: number, b: number) => a - b),
  overload('_-_(timestamp, timestamp): duration', (a: Timestamp, b: Timestamp) => duration(a.ns - b.ns)),
  overload('_-_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => timestampOf(a.ns - b.ns, a.zone)),
  overload('_-_(duration, duration): duration', (a: Duration, b: Duration) => duration(a.ns - b.ns)),
  overload('_*_(int, int): int', (a: bigint, b: bigint) => int(a * b)),
  overload('_*_(uint, uint): uint', (a: Uint, b: Uint) => uint(a.value * b.value)),
  overload('_*_(double, double): double', (a: number, b: number) => a * b),
  overload('_/_(int, int): int', (a: bigint, b: bigint) => int(a / divisor(b, 'division by zero'))),
  overload('_/_(uint, uint): uint', (a: Uint, b: Uint) => uint(a.value / divisor(b.value, 'division by zero'))),
  overload('_/_(double, double): double', (a: number, b: number) => a / b),
  overload('_%_(int, int): int', (a: bigint, b: bigint) => a % divisor(b, 'modulus by zero')),
  overload('_%_(uint, uint): uint', (a: Uint, b: Uint) => uint(a.value % divisor(b.value, 'modulus by zero'))),
  overload('-_(int): int', (a: bigint) => int(-a)),
  overload('-_(double): double', (a: number) => -a),
  overload('!_(bool): bool', (a: boolean) => !a),
];
