import { EvalError, noSuchOverload } from '../values/eval-error';
import { Duration, isList, isMap, keyAsText, type ListValue, Optional, Timestamp, typeNameOf, TypeValue, Uint, type Value } from '../values/value';
import { spend } from '../values/work';

// Mirrors refQualify and newQualifier of cel-go's interpreter/attributes.go, and IndexOrError of its common/types/list.go.

const MAX_INT = 2n ** 63n - 1n;

/** What a list or a map has at a key; undefined where it has nothing. @throws EvalError for a key that cannot be one */
export function memberAt(container: Value, key: Value): Value | undefined {
  const stray = strayKey(key);
  if (stray !== undefined) throw new EvalError(`invalid qualifier type: ${stray}`);
  if (isMap(container)) {
    if (container.onlyTexts === true && typeof key !== 'string') throw noSuchOverload();
    // Finding a key goes through all of it.
    if (typeof key === 'string') spend(key.length * 0.1);
    return container.get(key);
  }
  return isList(container) ? itemAt(container, key) : undefined;
}

/** As `memberAt`. @throws EvalError where there is nothing */
export function requiredAt(container: Value, key: Value): Value {
  const found = memberAt(container, key);
  if (found === undefined) throw new EvalError(`${isList(container) ? 'index out of bounds' : 'no such key'}: ${keyAsText(key)}`);
  return found;
}

/** The same of a value that may be an optional itself. */
export function optionalAt(container: Value, key: Value): Optional {
  if (container instanceof Optional) return container.value === undefined ? container : optionalAt(container.value, key);
  const found = memberAt(container, key);
  return found === undefined ? Optional.none : new Optional(found);
}

function itemAt(list: ListValue, key: Value): Value | undefined {
  const position = positionOf(key);
  if (position < 0 || position >= list.size) return undefined;
  if (list.onlyInts === true && typeof key !== 'bigint') throw new EvalError(`unsupported index: ${keyAsText(key)}`);
  return list.at(Number(position));
}

/** Every number that is whole is a position, whatever its type. */
function positionOf(key: Value): bigint {
  if (typeof key === 'bigint') return key;
  const whole = key instanceof Uint ? key.value : typeof key === 'number' && Number.isInteger(key) ? BigInt(key) : undefined;
  if (whole !== undefined && whole <= MAX_INT && whole >= -MAX_INT - 1n) return whole;
  if (typeof key === 'number' || key instanceof Uint) throw new EvalError(`unsupported index value ${keyAsText(key)} in list`);
  throw new EvalError(`unsupported index type '${typeNameOf(key)}' in list`);
}

/** Go's name of the type of what can be no key anywhere; undefined for what can. */
export function strayKey(key: Value): string | undefined {
  if (key === null) return 'types.Null';
  if (typeof key !== 'object' || key instanceof Uint) return undefined;
  if (key instanceof Uint8Array) return 'types.Bytes';
  if (key instanceof Timestamp) return 'types.Timestamp';
  if (key instanceof Duration) return 'types.Duration';
  if (key instanceof Optional) return '*types.Optional';
  if (key instanceof TypeValue) return '*types.Type';
  return isList(key) ? '*types.baseList' : isMap(key) ? '*types.baseMap' : typeNameOf(key);
}
