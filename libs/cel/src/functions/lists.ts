import { compare, equals } from '../values/equal';
import { EvalError } from '../values/eval-error';
import { ArrayList, Duration, isList, type ListValue, RangeList, Uint, type Value } from '../values/value';
import { spend } from '../values/work';
import { int, uint } from './arithmetic';
import { overload, type Overload } from './overload';

const each = { cost: (size: number): number => Math.max(1, size) };
const product = { cost: (a: number, b: number): number => Math.max(1, a * b) };
const same = { cost: (size: number): number => Math.max(1, size), size: (size: number): number => size };

function extreme(name: string, wins: (order: -1 | 0 | 1) => boolean): (list: ListValue) => Value {
  return (list) => {
    let best: Value | undefined;
    for (const item of list) {
      const order = best === undefined ? undefined : compare(item, best);
      if (best === undefined || (order !== undefined && wins(order))) best = item;
    }
    if (best === undefined) throw new EvalError(`${name} called on empty list`);
    return best;
  };
}

function isSorted(list: ListValue): boolean {
  for (let i = 1; i < list.size; i++) if (compare(list.at(i - 1), list.at(i)) === 1) return false;
  return true;
}

function indexOf(list: ListValue, wanted: Value): bigint {
  for (let i = 0; i < list.size; i++) if (equals(list.at(i), wanted)) return BigInt(i);
  return -1n;
}

function lastIndexOf(list: ListValue, wanted: Value): bigint {
  for (let i = list.size - 1; i >= 0; i--) if (equals(list.at(i), wanted)) return BigInt(i);
  return -1n;
}

const contains = (list: ListValue, wanted: Value): boolean => indexOf(list, wanted) >= 0n;
const containsAll = (list: ListValue, wanted: ListValue): boolean => [...wanted].every((item) => contains(list, item));

function sum<T extends Value>(zero: Value, add: (sum: T, item: T) => Value): (list: ListValue) => Value {
  return (list) => {
    let total: Value | undefined;
    for (const item of list) total = total === undefined ? item : add(total as T, item as T);
    return total ?? zero;
  };
}

function slice(list: ListValue, from: bigint, to: bigint): ListValue {
  const refuse = (why: string): EvalError => new EvalError(`cannot slice(${from}, ${to}), ${why}`);
  if (from < 0n || to < 0n) throw refuse('negative indexes not supported');
  if (from > to) throw refuse('start index must be less than or equal to end index');
  if (to > BigInt(list.size)) throw refuse(`list is length ${list.size}`);
  return new ArrayList([...list].slice(Number(from), Number(to)));
}

function distinct(list: ListValue): ListValue {
  const seen: Value[] = [];
  for (const item of list) if (!seen.some((other) => equals(other, item))) seen.push(item);
  return new ArrayList(seen);
}

function flatten(list: ListValue, depth = 1n): ListValue {
  if (depth < 0n) throw new EvalError('level must be non-negative');
  const flat: Value[] = [];
  for (const item of list) {
    spend(6);
    if (isList(item) && depth > 0n) for (const inner of flatten(item, depth - 1n)) flat.push(inner);
    else flat.push(item);
  }
  return new ArrayList(flat);
}

function sort(list: ListValue): ListValue {
  return new ArrayList([...list].sort((a, b) => {
    const order = compare(a, b);
    if (order === undefined) throw new EvalError('no such overload');
    return order;
  }));
}

const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

export const lists: readonly Overload[] = [
  ...COMPARABLE.flatMap((type) => [
    overload(`list<${type}> -> isSorted(): bool`, isSorted, each),
    overload(`list<${type}> -> min(): ${type}`, extreme('min', (order) => order < 0), each),
    overload(`list<${type}> -> max(): ${type}`, extreme('max', (order) => order > 0), each),
    overload(`list<${type}> -> sort(): list<${type}>`, sort, { cost: (size) => Math.max(1, size * size), size: (size) => size }),
  ]),
  overload('list<int> -> sum(): int', sum<bigint>(0n, (a, b) => int(a + b)), each),
  overload('list<uint> -> sum(): uint', sum<Uint>(new Uint(0n), (a, b) => uint(a.value + b.value)), each),
  overload('list<double> -> sum(): double', sum<number>(0, (a, b) => a + b), each),
  overload('list<duration> -> sum(): duration', sum<Duration>(new Duration(0n), (a, b) => new Duration(int(a.ns + b.ns))), each),
  overload('list<A> -> indexOf(A): int', indexOf, each),
  overload('list<A> -> lastIndexOf(A): int', lastIndexOf, each),
  overload('list<A> -> slice(int, int): list<A>', slice, same),
  overload('list<A> -> distinct(): list<A>', distinct, { cost: (size) => Math.max(1, size * size), size: (size) => size }),
  overload('list<A> -> reverse(): list<A>', (list: ListValue) => new ArrayList([...list].reverse()), same),
  overload('list<dyn> -> flatten(): list<dyn>', (list: ListValue) => flatten(list), same),
  overload('list<dyn> -> flatten(int): list<dyn>', flatten, same),
  overload('lists.range(int): list<int>', (count: bigint) => new RangeList(Math.max(0, Math.min(Number(count), 1_000_000)))),
  overload('sets.contains(list<A>, list<A>): bool', containsAll, product),
  overload('sets.equivalent(list<A>, list<A>): bool', (a: ListValue, b: ListValue) => containsAll(a, b) && containsAll(b, a), product),
  overload('sets.intersects(list<A>, list<A>): bool', (a: ListValue, b: ListValue) => [...b].some((item) => contains(a, item)), product),
];
