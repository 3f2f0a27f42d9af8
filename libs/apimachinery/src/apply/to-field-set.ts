import { getMember, isJsonObject, type JsonValue } from '../json';
import { type SchemaType } from '../schema';
import { FieldSet } from './field-set';
import { fieldElement, itemElements, type PathElement } from './path-element';
import { shapeOf } from './shape-of';

/** All fields that a configuration sets: what an applier owns afterwards. */
export function toFieldSet(value: JsonValue, type: SchemaType): FieldSet {
  const set = new FieldSet();
  collect(value, type, [], set);
  return set;
}

function collect(value: JsonValue, type: SchemaType, path: PathElement[], set: FieldSet): void {
  const shape = shapeOf(type, value);
  if (shape.kind === 'leaf') set.insert(path);
  else if (shape.kind === 'items' && Array.isArray(value)) {
    const elements = itemElements(value, shape.type);
    const seen = new Set<PathElement>();
    const several = new Set(elements.filter((element) => seen.size === seen.add(element).size));
    elements.forEach((element, i) => {
      path.push(element);
      // Of items that share their key, only that there are some is known.
      if (!several.has(element)) collect(value[i] ?? null, shape.type.items, path, set);
      set.insert(path);
      path.pop();
    });
  } else if (shape.kind === 'members' && isJsonObject(value)) {
    for (const name of Object.keys(value)) {
      const member = getMember(value, name) ?? null;
      path.push(fieldElement(name));
      collect(member, shape.typeOf(name), path, set);
      if (member === null || !shape.declared(name) || (isJsonObject(member) && Object.keys(member).length === 0)) set.insert(path);
      path.pop();
    }
  }
}
