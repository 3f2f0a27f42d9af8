import { equalJson, getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type FieldType, type ListType, type SchemaType, type StructType } from '../schema';
import { FieldSet } from './field-set';
import { fieldElement, itemElements, type PathElement } from './path-element';
import { allNames, isEmptyContainer, shapeOf } from './shape-of';

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
  // Those who ask know that something changed: that is not looked for twice.
  walk.different(before, after, type);
  return walk;
}

class Comparing implements Comparison {
  readonly added = new FieldSet();
  readonly modified = new FieldSet();
  readonly removed = new FieldSet();
  private readonly path: PathElement[] = [];

  private both(before: JsonValue, after: JsonValue, type: SchemaType): void {
    // Most of most objects stays as it is: paths and keys are worked out only for what changed.
    if (!equalJson(before, after)) this.different(before, after, type);
  }

  different(before: JsonValue, after: JsonValue, type: SchemaType): void {
    const left = shapeOf(type, before ?? after);
    const right = shapeOf(type, after ?? before);
    // Null is a list or object too, without anything in it.
    const wereEmpty = (before === null || isEmptyContainer(before)) && (after === null || isEmptyContainer(after));
    if (left.kind === 'leaf' || right.kind === 'leaf' || wereEmpty) this.modified.insert(this.path);
    else if (before === null) addContents(() => this.added.descend(this.path), after, type);
    else if (after === null) addContents(() => this.removed.descend(this.path), before, type);
    else if (left.kind === 'members' && isJsonObject(before) && isJsonObject(after)) {
      for (const name of allNames(before, after)) {
        this.path.push(fieldElement(name));
        this.pair(getMember(before, name), getMember(after, name), left.typeOf(name), left.zero(name));
        this.path.pop();
      }
    } else if (left.kind === 'items' && Array.isArray(before) && Array.isArray(after)) this.items(before, after, left.type);
  }

  /** `zero` is what Go has on a side that says nothing. */
  private pair(before: JsonValue | undefined, after: JsonValue | undefined, type: SchemaType, zero?: JsonValue): void {
    const left = before === undefined ? zero : before;
    const right = after === undefined ? zero : after;
    if (left !== undefined && right !== undefined) this.both(left, right, type);
    else if (right !== undefined) this.addWhole(this.added, right, type);
    else if (left !== undefined) this.addWhole(this.removed, left, type);
  }

  /** Adds all of a value that only one side has, itself included. */
  private addWhole(into: FieldSet, value: JsonValue, type: SchemaType): void {
    addMember(into.descend(this.path, this.path.length - 1), this.path.at(-1) ?? '', value, type);
  }

  private items(before: JsonValue[], after: JsonValue[], type: ListType): void {
    const left = group(before, type);
    const right = group(after, type);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      const [one, ...more] = left.get(element) ?? [];
      const [other, ...others] = right.get(element) ?? [];
      this.path.push(element);
      if (more.length === 0 && others.length === 0) this.pair(one, other, type.items);
      else if (more.length > 0 && others.length > 0) {
        // Items that share their key cannot be told apart: they are compared together.
        if (!equalJson([one ?? null, ...more], [other ?? null, ...others])) this.modified.insert(this.path);
      } else if (more.length > 0) {
        if (other !== undefined) this.addWhole(this.added, other, type.items);
        this.removed.insert(this.path);
      } else {
        if (one !== undefined) this.addWhole(this.removed, one, type.items);
        this.added.insert(this.path);
      }
      this.path.pop();
    }
  }
}

function addMember(set: FieldSet, element: PathElement, value: JsonValue, type: SchemaType): void {
  set.members.add(element);
  addContents(() => set.child(element), value, type);
}

/** Adds what is in a value, but not the value itself. */
function addContents(into: () => FieldSet, value: JsonValue, type: SchemaType): void {
  const shape = shapeOf(type, value);
  if (shape.kind === 'members' && isJsonObject(value)) {
    let set: FieldSet | undefined;
    for (const name of Object.keys(value)) addMember((set ??= into()), fieldElement(name), getMember(value, name) ?? null, shape.typeOf(name));
    // What Go has there though nobody says so comes with it.
    if (type.kind === 'struct')
      for (const field of fieldsWithZero(type)) {
        if (!Object.hasOwn(value, field.name)) addMember((set ??= into()), fieldElement(field.name), field.zero ?? null, field.type);
      }
  } else if (shape.kind === 'items' && Array.isArray(value)) {
    for (const [item, [one = null, ...more]] of group(value, shape.type)) {
      // Of items that share their key, only that there are some is known.
      if (more.length > 0) into().members.add(item);
      else addMember(into(), item, one, shape.type.items);
    }
  }
}

const withZero = new WeakMap<StructType, readonly FieldType[]>();

/** What Go has in every object of a type: a few of its many fields. */
export function fieldsWithZero(type: StructType): readonly FieldType[] {
  let fields = withZero.get(type);
  if (!fields) withZero.set(type, (fields = [...type.fields.values()].filter(({ zero }) => zero !== undefined)));
  return fields;
}

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
