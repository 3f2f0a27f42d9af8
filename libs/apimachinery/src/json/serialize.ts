import { compareStrings } from '../text/compare-strings';
import { type FieldType, type SchemaType, type StructType } from '../schema/schema-type';
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
  if (typeof value === 'string') return serializeString(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(serializeUntyped).join(',')}]`;
  if (isJsonObject(value)) return serializeMap(value, undefined);
  return JSON.stringify(value ?? null);
}

/** Printable ASCII but `"` and backslash: nearly every text of the API, and between quotes already JSON. */
const plain = /^[ !#-[\]-~]*$/;
const serializeString = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text));

function serializeMap(map: JsonObject, values: SchemaType | undefined): string {
  const keys = Object.keys(map);
  if (keys.length > 1) keys.sort(compareStrings);
  let text = '{';
  for (const key of keys) {
    const value = map[key] ?? null;
    text += `${text === '{' ? '' : ','}${serializeString(key)}:${values ? serializeJson(value, values) : serializeUntyped(value)}`;
  }
  return text + '}';
}

/** A field, with all that is written of it before its value. */
interface WrittenField extends Pick<FieldType, 'name' | 'type'> {
  readonly prefix: string;
  /** Every object seems to have one: `constructor`. */
  readonly inherited: boolean;
}

const writtenFields = new WeakMap<StructType, readonly WrittenField[]>();

/** Looked through for every object, so made ready once: a pod's types have hundreds of fields, of which few are set. */
function writtenFieldsOf(type: StructType): readonly WrittenField[] {
  let fields = writtenFields.get(type);
  if (!fields) writtenFields.set(type, (fields = Array.from(type.fields.values(), ({ name, type: of }) => ({ name, type: of, prefix: `"${name}":`, inherited: name in {} }))));
  return fields;
}

/** Declared fields in schema order, then, of open types, the others sorted. */
function members(object: JsonObject, type: StructType, without?: ReadonlySet<string>): string {
  let text = '';
  let declared = 0;
  for (const field of writtenFieldsOf(type)) {
    const value = object[field.name];
    if (value === undefined || (field.inherited && !Object.hasOwn(object, field.name))) continue;
    declared++;
    if (without?.has(field.name)) continue;
    text += (text === '' ? '' : ',') + field.prefix + serializeJson(value, field.type);
  }
  const names = Object.keys(object);
  if (names.length === declared) return text;
  for (const name of names.filter((each) => !type.fields.has(each)).sort(compareStrings)) {
    if (!without?.has(name)) text += `${text === '' ? '' : ','}${serializeString(name)}:${serializeUntyped(object[name])}`;
  }
  return text;
}

/** A scalar as plain text: 80 and "80" are the same, as keys of lists are compared. */
export function plainText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : serializeUntyped(value);
}
