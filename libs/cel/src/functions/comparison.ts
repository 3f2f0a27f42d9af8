import { compare, equals } from '../values/equal';
import { EvalError } from '../values/eval-error';
import { isMap, type ListValue, type MapValue, type Value } from '../values/value';
import { memberAt, requiredAt } from './member-at';
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
    // All others of these types have an order.
    if (found === undefined) throw new EvalError('NaN values cannot be ordered');
    return holds(found);
  }, { cost: shorter }));

/** What can be no key of an index may still be one of a literal. */
const holdsKey = (map: MapValue, key: Value): boolean => (key === null ? map.get(key) : memberAt(map, key)) !== undefined;

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
  overload('@in(A, map<A, B>): bool', (a: Value, map: MapValue) => isMap(map) && holdsKey(map, a)),
  overload('_[_](list<A>, int): A', requiredAt),
  overload('_[_](map<A, B>, A): B', requiredAt),
];
