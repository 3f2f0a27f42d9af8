import { EvalError } from '../values/eval-error';
import { isList, type ListValue, isMap, type MapValue, Optional, typeNameOf, type Value } from '../values/value';
import { overload, type Overload } from './overload';

/** Whether a value is what its type begins with. */
function isZero(value: Value): boolean {
  if (value === null || value === '' || value === false || value === 0 || value === 0n) return true;
  if (typeof value !== 'object') return false;
  if (isList(value) || isMap(value)) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Optional) return value.value === undefined;
  return ('ns' in value && value.ns === 0n) || ('value' in value && value.value === 0n);
}

function valueOf({ value }: Optional): Value {
  if (value === undefined) throw new EvalError('optional.none() dereference');
  return value;
}

/** A member that may be missing, of a value that may be an optional itself. */
export function optionalAt(container: Value, key: Value): Optional {
  if (container instanceof Optional) return container.value === undefined ? Optional.none : optionalAt(container.value, key);
  if (isMap(container)) return wrap(container.get(key));
  if (isList(container)) {
    const at = Number(key);
    return Number.isInteger(at) && at >= 0 && at < container.size ? new Optional(container.at(at)) : Optional.none;
  }
  throw new EvalError(`no such overload: ${typeNameOf(container)}`);
}

export const wrap = (value: Value | undefined): Optional => (value === undefined ? Optional.none : new Optional(value));

export const optionals: readonly Overload[] = [
  overload('optional.of(A): optional<A>', (value: Value) => new Optional(value)),
  overload('optional.ofNonZeroValue(A): optional<A>', (value: Value) => (isZero(value) ? Optional.none : new Optional(value))),
  overload('optional.none(): optional<A>', () => Optional.none),
  overload('optional<A> -> value(): A', valueOf),
  overload('optional<A> -> hasValue(): bool', ({ value }: Optional) => value !== undefined),
  overload('optional<A> -> or(optional<A>): optional<A>', (left: Optional, right: Optional) => (left.value === undefined ? right : left)),
  overload('optional<A> -> orValue(A): A', ({ value }: Optional, other: Value) => (value === undefined ? other : value)),
  overload('_[?_](list<A>, int): optional<A>', (list: ListValue, index: bigint) => optionalAt(list, index)),
  overload('_[?_](map<A, B>, A): optional<B>', (map: MapValue, key: Value) => optionalAt(map, key)),
  overload('_[?_](optional<list<A>>, int): optional<A>', (list: Optional, index: bigint) => optionalAt(list, index)),
  overload('_[?_](optional<map<A, B>>, A): optional<B>', (map: Optional, key: Value) => optionalAt(map, key)),
  overload('_[_](optional<list<A>>, int): optional<A>', (list: Optional, index: bigint) => optionalAt(list, index)),
  overload('_[_](optional<map<A, B>>, A): optional<B>', (map: Optional, key: Value) => optionalAt(map, key)),
];
