import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { anyType, type ListType, type MapType, type SchemaType, type StructType } from '../schema';

/** How a value takes part in merging: whole, by members, or by items. */
export type Shape =
  | { readonly kind: 'items'; readonly type: ListType }
  | { readonly kind: 'leaf' }
  | { readonly kind: 'members'; readonly typeOf: (name: string) => SchemaType; readonly declared: (name: string) => boolean; readonly zero: (name: string) => JsonValue | undefined };

const leaf: Shape = { kind: 'leaf' };
const undeclared: Shape = { kind: 'members', typeOf: () => anyType, declared: () => false, zero: () => undefined };

/** Objects nobody declares are merged by member, their lists are whole. A value that contradicts its type is whole too. */
export function shapeOf(type: SchemaType, value: JsonValue): Shape {
  switch (type.kind) {
    case 'struct':
    case 'map':
      return type.atomic || !isJsonObject(value) ? leaf : granularShape(type);
    case 'list':
      return type.listType === 'atomic' || !Array.isArray(value) ? leaf : granularShape(type);
    case 'any':
      return isJsonObject(value) && type.atomic !== true ? undeclared : leaf;
    case 'scalar':
      return leaf;
  }
}

const granularShapes = new WeakMap<ListType | MapType | StructType, Shape>();

/** Asked for at every step of every walk, so made once for a type. */
function granularShape(type: ListType | MapType | StructType): Shape {
  let shape = granularShapes.get(type);
  if (!shape) granularShapes.set(type, (shape = shapeOfGranular(type)));
  return shape;
}

function shapeOfGranular(type: ListType | MapType | StructType): Shape {
  switch (type.kind) {
    case 'struct':
      return { kind: 'members', typeOf: (name) => type.fields.get(name)?.type ?? anyType, declared: (name) => type.fields.has(name), zero: (name) => type.fields.get(name)?.zero };
    case 'map':
      return { kind: 'members', typeOf: () => type.values, declared: () => false, zero: () => undefined };
    case 'list':
      return { kind: 'items', type };
  }
}

/** An object or list without content, which owns its own place. */
export function isEmptyContainer(value: JsonValue): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

/** Names of both objects, those of the first in front. */
export function allNames(a: JsonObject, b: JsonObject): string[] {
  const names = Object.keys(a);
  for (const name of Object.keys(b)) if (!Object.hasOwn(a, name)) names.push(name);
  return names;
}
