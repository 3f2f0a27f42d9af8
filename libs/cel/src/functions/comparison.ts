import { compare, equals } from '../values/equal';
import { EvalError } from '../values/eval-error';
import { isMap, keyAsText, type ListValue, type MapValue, type Value } from '../values/value';
import { spend } from '../values/work';
import { overload, type Overload, stringCost } from './overload';

const ORDERED = ['bool', 'bytes', 'double', 'duration', 'int', 'string', 'timestamp', 'uint'];
const NUMBERS = ['int', 'uint', 'double'];
const PAIRS: readonly (readonly [string, string])[] = [
  ...ORDERED.map((type) => [type, type] as const),
  ...NUMBERS.flatMap((left) => NUMBERS.filter((right) => right !== left).map((right) => [left, right] as const)),
];

const shorter = (a: number, b: number): number => Math.max(1, stringCost(Math.min(a, b)));

const order = (name: string, holds: (order: -1 | 0 | 1) => boolean): Overload[] =>
  PAIRS.map(([left, right]) => overload(`${name}(${left}, ${right}): bool`, (a: Value, b: Value) => {
    const found = compare(a, b);
    return found !== undefined && holds(found);
  }, { cost: shorter }));

function at(list: ListValue, index: Value): Value {
  const position = typeof index === 'bigint' || typeof index === 'number' ? Number(index) : Number.NaN;
  if (!Number.isInteger(position) || position < 0 || position >= list.size) throw new EvalError(`index out of bounds: ${keyAsText(index)}`);
  return list.at(position);
}

/** Finding a key goes through all of it. */
function look(map: MapValue, key: Value): Value | undefined {
  if (typeof key === 'string') spend(key.length * 0.1);
  return map.get(key);
}

function inMap(map: MapValue, key: Value): Value {
  const found = look(map, key);
  if (found === undefined) throw new EvalError(`no such key: ${keyAsText(key)}`);
  return found;
}

function contains(list: ListValue, wanted: Value): boolean {
  for (const item of list) if (equals(item, wanted)) return true;
  return false;
}

export const comparison: readonly Overload[] = [
  ...order('_<_', (found) => found < 0),
  ...order('_<=_', (found) => found <= 0),
  ...order('_>_', (found) => found > 0),
  ...order('_>=_', (found) => found >= 0),
  // Values of different types are not equal; the checker refuses to compare what it knows to differ.
  overload('_==_(A, A): bool', (a: Value, b: Value) => equals(a, b), { cost: shorter }),
  overload('_!=_(A, A): bool', (a: Value, b: Value) => !equals(a, b), { cost: shorter }),
  ...NUMBERS.flatMap((left) => NUMBERS.filter((right) => right !== left).flatMap((right) => [
    overload(`_==_(${left}, ${right}): bool`, (a: Value, b: Value) => equals(a, b)),
    overload(`_!=_(${left}, ${right}): bool`, (a: Value, b: Value) => !equals(a, b)),
  ])),
  overload('@in(A, list<A>): bool', (a: Value, list: ListValue) => contains(list, a), { cost: (_, list) => Math.max(1, list) }),
  overload('@in(A, map<A, B>): bool', (a: Value, map: MapValue) => isMap(map) && look(map, a) !== undefined),
  overload('_[_](list<A>, int): A', at),
  overload('_[_](map<A, B>, A): B', inMap),
];
