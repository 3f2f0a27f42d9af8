import { equalJson, getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type SchemaType, type StructType } from '../schema';
import { fieldsWithZero } from './compare-typed';
import { type FieldSet, leafFields } from './field-set';
import { fieldElement, itemElements, type PathElement } from './path-element';
import { isEmptyContainer, shapeOf } from './shape-of';

/**
 * The `fieldsV1` of a new object: what comparing it with nothing finds, written in one walk. Creates are frequent, and of their objects all is new.
 * @param unowned what nobody owns, with all that is below
 */
export function fieldsOfNew(object: JsonObject, type: StructType, unowned: FieldSet): JsonObject {
  const fields = besideEmpty(object, type, unowned);
  // Every object has metadata, whoever owns what is in it.
  const metadata = fields['f:metadata'];
  if (isJsonObject(metadata) && Object.hasOwn(metadata, '.')) delete metadata['.'];
  if (isJsonObject(metadata) && Object.keys(metadata).length === 0) delete fields['f:metadata'];
  return fields;
}

/** What an object has that an empty one of its type, which Go has where nobody says anything, has not. */
function besideEmpty(object: JsonObject, type: SchemaType, unowned: FieldSet | undefined): JsonObject {
  const fields: JsonObject = {};
  const shape = shapeOf(type, object);
  if (shape.kind !== 'members') return fields;
  for (const name of Object.keys(object)) {
    const element = fieldElement(name);
    if (unowned?.members.has(element)) continue;
    const value = getMember(object, name) ?? null;
    const zero = shape.zero(name);
    const below = unowned?.children.get(element);
    if (zero === undefined) put(fields, element, contents(value, shape.typeOf(name), below));
    else if (!equalJson(zero, value)) putChanged(fields, element, zero, value, shape.typeOf(name), below);
  }
  return fields;
}

/** Of what Go has anyway, only what differs from that is new. */
function putChanged(fields: JsonObject, element: PathElement, zero: JsonValue, value: JsonValue, type: SchemaType, unowned: FieldSet | undefined): void {
  const isWhole = shapeOf(type, value).kind === 'leaf';
  if (isWhole || (isEmptyContainer(value) && (zero === null || isEmptyContainer(zero)))) {
    fields[element] = leafFields;
    return;
  }
  const below = zero === null || !isJsonObject(value) ? contents(value, type, unowned) : besideEmpty(value, type, unowned);
  if (below && Object.keys(below).length > 0) fields[element] = below;
}

function put(fields: JsonObject, element: PathElement, below: JsonObject | undefined): void {
  if (below) below['.'] = leafFields;
  fields[element] = below ?? leafFields;
}

/** All that is in a value, but not the value itself; undefined when nothing is. */
function contents(value: JsonValue, type: SchemaType, unowned: FieldSet | undefined): JsonObject | undefined {
  const shape = shapeOf(type, value);
  let fields: JsonObject | undefined;
  if (shape.kind === 'members' && isJsonObject(value)) {
    for (const name of Object.keys(value)) {
      const element = fieldElement(name);
      if (!unowned?.members.has(element)) put((fields ??= {}), element, contents(getMember(value, name) ?? null, shape.typeOf(name), unowned?.children.get(element)));
    }
    // What Go has there though nobody says so comes with it.
    if (type.kind === 'struct') {
      for (const { name, zero = null, type: of } of fieldsWithZero(type)) {
        const element = fieldElement(name);
        if (!Object.hasOwn(value, name) && !unowned?.members.has(element)) put((fields ??= {}), element, contents(zero, of, unowned?.children.get(element)));
      }
    }
  } else if (shape.kind === 'items' && Array.isArray(value)) {
    const elements = itemElements(value, shape.type);
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i] as PathElement;
      fields ??= {};
      // Of items that share their key, only that there are some is known.
      if (Object.hasOwn(fields, element)) fields[element] = leafFields;
      else put(fields, element, contents(value[i] ?? null, shape.type.items, undefined));
    }
  }
  return fields;
}
