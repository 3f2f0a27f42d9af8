import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { anyType, type ListType, type SchemaType } from '../schema';

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
      if (type.atomic || !isJsonObject(value)) return leaf;
      return { kind: 'members', typeOf: (name) => type.fields.get(name)?.type ?? anyType, declared: (name) => type.fields.has(name), zero: (name) => type.fields.get(name)?.zero };
    case 'map':
      return type.atomic || !isJsonObject(value) ? leaf : { kind: 'members', typeOf: () => type.values, declared: () => false, zero: () => undefined };
    case 'list':
      return type.listType === 'atomic' || !Array.isArray(value) ? leaf : { kind: 'items', type };
    case 'any':
      return isJsonObject(value) ? undeclared : leaf;
    case 'scalar':
      return leaf;
  }
}

/** An object or list without content, which owns its own place. */
export function isEmptyContainer(value: JsonValue): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

/** Names of both objects, those of the first in front. */
export function allNames(a: JsonObject, b: JsonObject): string[] {
  return [...Object.keys(a), ...Object.keys(b).filter((name) => !Object.hasOwn(a, name))];
}
