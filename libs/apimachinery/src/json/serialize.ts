import { compareStrings } from '../text/compare-strings';
import { type FieldType, type SchemaType, type StructType } from '../schema/schema-type';
import { JsonBytes } from './json-bytes';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value';
import { sortedKeys } from './serialize-untyped';

/** What a stored object begins with: the version is written in when it is served. */
export const storedPrefix = '{"metadata":{"resourceVersion":""';
const prefixBytes = Buffer.from(storedPrefix);

const [openBrace, closeBrace, openBracket, closeBracket, comma, colon] = Buffer.from('{}[],:') as unknown as [number, number, number, number, number, number];

/** One for all objects: nothing waits while one is written. */
const out = new JsonBytes();

/**
 * The bytes at rest of an object: `{"metadata":{"resourceVersion":"",…},…}` without apiVersion and kind, in schema order.
 * Equal objects give equal bytes.
 */
export function serializeForStorage(object: JsonObject, type: StructType): Buffer {
  const metadataType = type.fields.get('metadata')?.type;
  const metadata = object['metadata'];
  out.start();
  top = 0;
  out.ascii(prefixBytes);
  if (isJsonObject(metadata) && metadataType?.kind === 'struct') members(metadata, metadataType, false, storedVersion);
  out.byte(closeBrace);
  members(object, type, false, notStored);
  out.byte(closeBrace);
  return out.copy();
}

const storedVersion = new Set(['resourceVersion']);
const notStored = new Set(['apiVersion', 'kind', 'metadata']);

function write(value: JsonValue | undefined, type?: SchemaType): void {
  if (typeof value === 'string') out.string(value);
  else if (typeof value !== 'object' || value === null) out.scalar(value ?? null);
  else if (Array.isArray(value)) writeList(value, type?.kind === 'list' ? type.items : undefined);
  else if (type?.kind === 'struct') {
    out.byte(openBrace);
    members(value, type, true);
    out.byte(closeBrace);
  } else writeMap(value, type?.kind === 'map' ? type.values : undefined);
}

function writeList(list: JsonValue[], items: SchemaType | undefined): void {
  out.byte(openBracket);
  for (let i = 0; i < list.length; i++) {
    if (i > 0) out.byte(comma);
    write(list[i], items);
  }
  out.byte(closeBracket);
}

/** With sorted keys, as Go writes maps. */
function writeMap(map: JsonObject, values: SchemaType | undefined): void {
  let first = true;
  out.byte(openBrace);
  for (const key of sortedKeys(map)) {
    if (first) first = false;
    else out.byte(comma);
    out.string(key);
    out.byte(colon);
    write(map[key], values);
  }
  out.byte(closeBrace);
}

/** A field, with all that is written of it before its value. */
interface WrittenField extends Pick<FieldType, 'name' | 'type'> {
  readonly prefix: Uint8Array;
  /** Its place among all. */
  readonly rank: number;
}

const writtenFields = new WeakMap<StructType, ReadonlyMap<string, WrittenField>>();

function writtenFieldsOf(type: StructType): ReadonlyMap<string, WrittenField> {
  let fields = writtenFields.get(type);
  if (!fields) {
    const all = Array.from(type.fields.values(), ({ name, type: of }, rank) => ({ name, type: of, prefix: Buffer.from(`${JSON.stringify(name)}:`), rank }));
    writtenFields.set(type, (fields = new Map(all.map((field) => [field.name, field]))));
  }
  return fields;
}

/** The set fields of the object that is written, above those of the objects around it: a list of its own for each would be most of what is thrown away. */
const stack: WrittenField[] = [];
let top = 0;

/** Declared fields in schema order, then, of open types, the others sorted. A type has many fields, of which an object sets few: these are sorted. */
function members(object: JsonObject, type: StructType, isFirst: boolean, without?: ReadonlySet<string>): void {
  const fields = writtenFieldsOf(type);
  const base = top;
  let others: string[] | undefined;
  for (const name in object) {
    const field = fields.get(name);
    if (field) push(field, base);
    else (others ??= []).push(name);
  }
  let first = isFirst;
  const end = top;
  for (let i = base; i < end; i++) {
    const { name, type: of, prefix } = stack[i] as WrittenField;
    const value = object[name];
    if (value === undefined || without?.has(name)) continue;
    if (first) first = false;
    else out.byte(comma);
    out.ascii(prefix);
    write(value, of);
  }
  top = base;
  for (const name of others?.sort(compareStrings) ?? []) {
    if (without?.has(name)) continue;
    if (first) first = false;
    else out.byte(comma);
    out.string(name);
    out.byte(colon);
    write(object[name]);
  }
}

/** Keeps them sorted: nearly all come in order. */
function push(field: WrittenField, base: number): void {
  let i = top++;
  for (; i > base; i--) {
    const before = stack[i - 1] as WrittenField;
    if (before.rank < field.rank) break;
    stack[i] = before;
  }
  stack[i] = field;
}
