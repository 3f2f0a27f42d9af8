import { compareStrings } from '../text/compare-strings';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value';

/** JSON with sorted keys, as Go writes maps; without members that are undefined. */
export function serializeUntyped(value: JsonValue | undefined): string {
  if (typeof value === 'string') return serializeString(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(serializeUntyped).join(',')}]`;
  if (isJsonObject(value)) return serializeMap(value);
  return JSON.stringify(value ?? null);
}

/** A scalar as plain text: 80 and "80" are the same, as keys of lists are compared. */
export function plainText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : serializeUntyped(value);
}

/** Keys in the order in which Go writes them. */
export function sortedKeys(map: JsonObject): string[] {
  const keys = Object.keys(map);
  if (keys.length > fewKeys) return keys.sort(compareStrings);
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string;
    let at = i;
    for (; at > 0 && compareStrings(keys[at - 1] as string, key) > 0; at--) keys[at] = keys[at - 1] as string;
    keys[at] = key;
  }
  return keys;
}

/** So few are moved into place faster than the native sort can call back. */
const fewKeys = 24;

/** Printable ASCII but `"` and backslash: nearly every text of the API, and between quotes already JSON. */
const plain = /^[ !#-[\]-~]*$/;
const serializeString = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text));

function serializeMap(map: JsonObject): string {
  let text = '{';
  for (const key of sortedKeys(map)) if (map[key] !== undefined) text += `${text === '{' ? '' : ','}${serializeString(key)}:${serializeUntyped(map[key])}`;
  return text + '}';
}
