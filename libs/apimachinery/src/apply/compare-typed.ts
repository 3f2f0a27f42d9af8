import { equalJson, getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type ListType, type SchemaType } from '../schema';
import { FieldSet } from './field-set';
import { fieldElement, itemElements, type PathElement } from './path-element';
import { allNames, isEmptyContainer, shapeOf, type Shape } from './shape-of';

/** Which fields a change touched. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Whether nothing changed. */
export function isSame({ added, modified, removed }: Comparison): boolean {
  return added.empty && modified.empty && removed.empty;
}

/** Compares two states of an object, field by field where its type is granular. */
export function compareTyped(before: JsonObject, after: JsonObject, type: SchemaType): Comparison {
  const walk = new Comparing();
  walk.both(before, after, type);
  return walk;
}

class Comparing implements Comparison {
  readonly added = new FieldSet();
  readonly modified = new FieldSet();
  readonly removed = new FieldSet();
  private readonly path: PathElement[] = [];

  both(before: JsonValue, after: JsonValue, type: SchemaType): void {
    // Most of most objects stays as it is: paths and keys are worked out only for what changed.
    if (equalJson(before, after)) return;
    const left = shapeOf(type, before);
    const right = shapeOf(type, after);
    if (left.kind === 'leaf' || right.kind === 'leaf' || (isEmptyContainer(before) && isEmptyContainer(after))) {
      this.modified.insert(this.path);
    } else if (left.kind === 'members' && isJsonObject(before) && isJsonObject(after)) {
      for (const name of allNames(before, after)) {
        this.path.push(fieldElement(name));
        this.pair(getMember(before, name), getMember(after, name), left.typeOf(name), left.declared(name));
        this.path.pop();
      }
    } else if (left.kind === 'items' && Array.isArray(before) && Array.isArray(after)) this.items(before, after, left.type);
  }

  private pair(before: JsonValue | undefined, after: JsonValue | undefined, type: SchemaType, declared: boolean): void {
    if (before !== undefined && after !== undefined) this.both(before, after, type);
    else if (after !== undefined) addWhole(after, type, this.added, this.path, declared);
    else if (before !== undefined) addWhole(before, type, this.removed, this.path, declared);
  }

  private items(before: JsonValue[], after: JsonValue[], type: ListType): void {
    const left = group(before, type);
    const right = group(after, type);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      const [one, ...more] = left.get(element) ?? [];
      const [other, ...others] = right.get(element) ?? [];
      this.path.push(element);
      if (more.length === 0 && others.length === 0) this.pair(one, other, type.items, false);
      else if (one === undefined) this.added.insert(this.path);
      else if (other === undefined) this.removed.insert(this.path);
      // Items that share their key cannot be told apart: they are compared together.
      else if (!equalJson([one, ...more], [other, ...others])) this.modified.insert(this.path);
      this.path.pop();
    }
  }
}

/** Adds all of a value that only one side has, itself included. */
function addWhole(value: JsonValue, type: SchemaType, into: FieldSet, path: readonly PathElement[], declared: boolean): void {
  const parent = into.descend(path.slice(0, -1));
  addMember(parent, path.at(-1) ?? '', value, type, declared);
}

function addMember(set: FieldSet, element: PathElement, value: JsonValue, type: SchemaType, declared: boolean): void {
  const shape: Shape = isEmptyContainer(value) ? leaf : shapeOf(type, value);
  // A struct is mostly no pointer in Go, so it was there before, if empty: only its fields come and go.
  if (shape.kind !== 'members' || !declared || type.kind !== 'struct') set.members.add(element);
  if (shape.kind === 'members' && isJsonObject(value)) {
    const child = set.child(element);
    for (const name of Object.keys(value)) addMember(child, fieldElement(name), getMember(value, name) ?? null, shape.typeOf(name), shape.declared(name));
  } else if (shape.kind === 'items' && Array.isArray(value)) {
    const child = set.child(element);
    for (const [item, [one = null, ...more]] of group(value, shape.type)) {
      // Of items that share their key, only that there are some is known.
      if (more.length > 0) child.members.add(item);
      else addMember(child, item, one, shape.type.items, false);
    }
  }
}

const leaf: Shape = { kind: 'leaf' };

function group(list: JsonValue[], type: ListType): Map<PathElement, JsonValue[]> {
  const groups = new Map<PathElement, JsonValue[]>();
  itemElements(list, type).forEach((element, i) => {
    const item = list[i] ?? null;
    const present = groups.get(element);
    if (present) present.push(item);
    else groups.set(element, [item]);
  });
  return groups;
}
