import { compareStrings } from '../text/compare-strings';
import { type SchemaType, type StructType } from '../schema/schema-type';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value';

/** What a stored object begins with: the version is written in when it is served. */
export const storedPrefix = '{"metadata":{"resourceVersion":""';

/**
 * The bytes at rest of an object: `{"metadata":{"resourceVersion":"",…},…}` without apiVersion and kind, in schema order.
 * Equal objects give equal bytes.
 */
export function serializeForStorage(object: JsonObject, type: StructType): string {
  const metadataType = type.fields.get('metadata')?.type;
  const metadata = object['metadata'];
  const rest = isJsonObject(metadata) && metadataType?.kind === 'struct' ? members(metadata, metadataType, storedVersion) : '';
  const others = members(object, type, notStored);
  return `${storedPrefix}${rest === '' ? '' : ',' + rest}}${others === '' ? '' : ',' + others}}`;
}

const storedVersion = new Set(['resourceVersion']);
const notStored = new Set(['apiVersion', 'kind', 'metadata']);

/** JSON in schema order: for bytes that are compared, and for answers. */
export function serializeJson(value: JsonValue, type: SchemaType): string {
  switch (type.kind) {
    case 'struct':
      return isJsonObject(value) ? `{${members(value, type)}}` : serializeUntyped(value);
    case 'list': {
      if (!Array.isArray(value)) return serializeUntyped(value);
      let text = '[';
      for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ',') + serializeJson(value[i] ?? null, type.items);
      return text + ']';
    }
    case 'map':
      return isJsonObject(value) ? serializeMap(value, type.values) : serializeUntyped(value);
    case 'scalar':
    case 'any':
      return serializeUntyped(value);
  }
}

/** JSON with sorted keys, as Go writes maps. */
export function serializeUntyped(value: JsonValue | undefined): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(serializeUntyped).join(',')}]`;
  if (isJsonObject(value)) return serializeMap(value, undefined);
  return JSON.stringify(value ?? null);
}

function serializeMap(map: JsonObject, values: SchemaType | undefined): string {
  const keys = Object.keys(map);
  if (keys.length > 1) keys.sort(compareStrings);
  let text = '{';
  for (const key of keys) {
    const value = map[key] ?? null;
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${values ? serializeJson(value, values) : serializeUntyped(value)}`;
  }
  return text + '}';
}

/** Declared fields in schema order, then, of open types, the others sorted. */
function members(object: JsonObject, type: StructType, without?: ReadonlySet<string>): string {
  let text = '';
  let written = 0;
  for (const field of type.fields.values()) {
    if (!Object.hasOwn(object, field.name)) continue;
    written++;
    const value = object[field.name];
    if (value === undefined || without?.has(field.name)) continue;
    text += `${text === '' ? '' : ','}"${field.name}":${serializeJson(value, field.type)}`;
  }
  const names = Object.keys(object);
  if (names.length === written) return text;
  for (const name of names.filter((each) => !type.fields.has(each)).sort(compareStrings)) {
    if (!without?.has(name)) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${serializeUntyped(object[name])}`;
  }
  return text;
}

/** A scalar as plain text: 80 and "80" are the same, as keys of lists are compared. */
export function plainText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : serializeUntyped(value);
}
