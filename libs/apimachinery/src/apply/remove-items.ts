import { getMember, isJsonObject, setMember, type JsonObject, type JsonValue } from '../json';
import { type SchemaType } from '../schema';
import { type FieldSet } from './field-set';
import { fieldElement, itemElements, type PathElement } from './path-element';
import { shapeOf } from './shape-of';

/**
 * The value without the members of the set. Containers that become empty go too, unless they are members of `keep`:
 * somebody owns them as empty ones. Untouched parts are shared, not copied.
 */
export function removeItems(value: JsonValue, set: FieldSet, type: SchemaType, keep: FieldSet | undefined): JsonValue | undefined {
  const shape = shapeOf(type, value);
  const rest = (element: PathElement, item: JsonValue, itemType: SchemaType): JsonValue | undefined => {
    if (set.members.has(element)) return undefined;
    const below = set.children.get(element);
    if (!below) return item;
    const left = removeItems(item, below, itemType, keep?.children.get(element));
    return left === undefined && keep?.members.has(element) ? emptied(item) : left;
  };
  if (shape.kind === 'members' && isJsonObject(value)) {
    const kept: JsonObject = {};
    for (const name of Object.keys(value)) {
      const left = rest(fieldElement(name), getMember(value, name) ?? null, shape.typeOf(name));
      if (left !== undefined) setMember(kept, name, left);
    }
    return Object.keys(kept).length > 0 ? kept : undefined;
  }
  if (shape.kind === 'items' && Array.isArray(value)) {
    const elements = itemElements(value, shape.type);
    const kept = value.map((item, i) => rest(elements[i] ?? '', item, shape.type.items)).filter((item) => item !== undefined);
    return kept.length > 0 ? kept : undefined;
  }
  return value;
}

const emptied = (container: JsonValue): JsonValue => (Array.isArray(container) ? [] : {});
