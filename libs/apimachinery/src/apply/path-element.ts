import { getMember, isJsonObject, serializeUntyped, type JsonObject, type JsonValue } from '../json';
import { compareStrings } from '../text/compare-strings';
import { type ListType } from '../schema';

/**
 * One step of a path to a field, in the form that managedFields use: `f:name`, `k:{"name":"web"}`, `v:"x"`, `i:0`.
 * Equal steps are equal strings.
 */
export type PathElement = string;

/** Any step, in patterns only. */
export const ANY_ELEMENT: PathElement = '*';


/** Steps to fields that were asked for: they are mostly the same names, and text that is known need not be made and hashed anew. */
const knownFields = new Map<string, PathElement>();
/** When there are more, they are the keys of users' maps. */
const mostKnown = 5_000;
const longestKnown = 64;

export function fieldElement(name: string): PathElement {
  let element = knownFields.get(name);
  if (element === undefined) {
    element = `f:${name}`;
    if (knownFields.size >= mostKnown) knownFields.clear();
    if (name.length <= longestKnown) knownFields.set(name, element);
  }
  return element;
}

const valueElement = (value: JsonValue): PathElement => `v:${serializeUntyped(value)}`;
export const indexElement = (index: number): PathElement => `i:${index}`;

/**
 * The step to an item of a list: by its keys, or by its value.
 * Undefined when the item has none of the keys.
 */
export function itemElement(item: JsonValue, type: ListType): PathElement | undefined {
  if (type.listType === 'set') return valueElement(item);
  if (!isJsonObject(item)) return undefined;
  let keys = '';
  for (const key of sortedKeysOf(type)) {
    const value = getMember(item, key) ?? (type.items.kind === 'struct' ? type.items.fields.get(key)?.keyDefault : undefined);
    if (value !== undefined) keys += `${keys === '' ? '' : ','}${serializeUntyped(key)}:${serializeUntyped(value)}`;
  }
  return keys === '' ? undefined : `k:{${keys}}`;
}

const sortedKeys = new WeakMap<ListType, readonly string[]>();

/** As Go writes them. */
function sortedKeysOf(type: ListType): readonly string[] {
  if (type.keys.length < 2) return type.keys;
  let keys = sortedKeys.get(type);
  if (!keys) sortedKeys.set(type, (keys = [...new Set(type.keys)].sort(compareStrings)));
  return keys;
}

/** Steps to all items; one without keys is known by its place. */
export function itemElements(list: readonly JsonValue[], type: ListType): PathElement[] {
  return list.map((item, i) => itemElement(item, type) ?? indexElement(i));
}

/** A path as conflicts name it: `.spec.containers[name="web"].image`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map((element) => {
    const rest = element.slice(2);
    switch (element.charAt(0)) {
      case 'f':
        return `.${rest}`;
      case 'k':
        return formatKeys(JSON.parse(rest) as JsonObject);
      case 'v':
        return `[=${rest}]`;
      default:
        return `[${rest}]`;
    }
  }).join('');
}

function formatKeys(keys: JsonObject): string {
  return `[${Object.keys(keys).sort(compareStrings).map((name) => `${name}=${serializeUntyped(keys[name])}`).join(',')}]`;
}
