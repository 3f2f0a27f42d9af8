import { isJsonObject, type JsonValue } from '../json';

/** The value with its references, which begin with `prefix`, to definitions that are called otherwise now. */
export function renameReferences(value: JsonValue, prefix: string, names: ReadonlyMap<string, string>): JsonValue {
  if (Array.isArray(value)) return value.map((one) => renameReferences(one, prefix, names));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => {
    const target = key === '$ref' && typeof one === 'string' && one.startsWith(prefix) ? names.get(one.slice(prefix.length)) : undefined;
    return [key, target === undefined ? renameReferences(one ?? null, prefix, names) : `${prefix}${target}`];
  }));
}
