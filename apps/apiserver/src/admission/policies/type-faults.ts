import { goQuote } from '@navarch/apimachinery';
import { isList, isMap, Optional, type Value } from '@navarch/cel';

/** Objects are called after the path of fields at which they stand: `Object.spec.template`. */
export function typeFaults(value: Value, expected: string): string[] {
  if (value instanceof Optional) return value.value === undefined ? [] : typeFaults(value.value, expected);
  if (isList(value)) return [...value].flatMap((item) => typeFaults(item, expected));
  if (!isMap(value)) return [];
  const { typeName } = value;
  const own = typeName === undefined || typeName === expected ? [] : [`unexpected type name ${goQuote(typeName)}, expected ${goQuote(expected)}, which matches field name path from root Object type`];
  // What stands in a map without a type has the path of the map.
  const pathTo = (key: Value): string => (typeName === undefined || typeof key !== 'string' ? expected : `${expected}.${key}`);
  return [...own, ...[...value.keys()].flatMap((key) => typeFaults(value.get(key) ?? null, pathTo(key)))];
}
