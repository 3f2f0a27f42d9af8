import { EvalError } from '../values/eval-error';
import { FIRST_TIME } from '../values/time';
import { isList, isMap, Optional, Timestamp, type Value } from '../values/value';
import { optionalAt } from './member-at';
import { overload, type Overload } from './overload';

/** Whether a value is what its type begins with. */
function isZero(value: Value): boolean {
  if (value === null || value === '' || value === false || value === 0 || value === 0n) return true;
  if (typeof value !== 'object') return false;
  if (isList(value) || isMap(value)) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Optional) return value.value === undefined;
  if (value instanceof Timestamp) return value.ns === FIRST_TIME.ns;
  return ('ns' in value && value.ns === 0n) || ('value' in value && value.value === 0n);
}

function valueOf({ value }: Optional): Value {
  if (value === undefined) throw new EvalError('optional.none() dereference');
  return value;
}

export const optionals: readonly Overload[] = [
  overload('optional.of(A): optional<A>', (value: Value) => new Optional(value)),
  overload('optional.ofNonZeroValue(A): optional<A>', (value: Value) => (isZero(value) ? Optional.none : new Optional(value))),
  overload('optional.none(): optional<A>', () => Optional.none),
  overload('optional<A> -> value(): A', valueOf),
  overload('optional<A> -> hasValue(): bool', ({ value }: Optional) => value !== undefined),
  overload('optional<A> -> or(optional<A>): optional<A>', (left: Optional, right: Optional) => (left.value === undefined ? right : left)),
  overload('optional<A> -> orValue(A): A', ({ value }: Optional, other: Value) => (value === undefined ? other : value)),
  overload('_[?_](list<A>, int): optional<A>', optionalAt),
  overload('_[?_](map<A, B>, A): optional<B>', optionalAt),
  overload('_[?_](optional<list<A>>, int): optional<A>', optionalAt),
  overload('_[?_](optional<map<A, B>>, A): optional<B>', optionalAt),
  overload('_[_](optional<list<A>>, int): optional<A>', optionalAt),
  overload('_[_](optional<map<A, B>>, A): optional<B>', optionalAt),
];
