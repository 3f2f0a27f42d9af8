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
    const left = shapeOf(type, before);
    const right = shapeOf(type, after);
    if (left.kind === 'leaf' || right.kind === 'leaf' || (isEmptyContainer(before) && isEmptyContainer(after))) {
      if (!equalJson(before, after)) this.modified.insert(this.path);
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
    else if (after !== undefined) this.whole(after, type, this.added, declared);
    else if (before !== undefined) this.whole(before, type, this.removed, declared);
  }

  /** All of a value that only one side has, itself included. */
  private whole(value: JsonValue, type: SchemaType, into: FieldSet, declared: boolean): void {
    const shape: Shape = isEmptyContainer(value) ? { kind: 'leaf' } : shapeOf(type, value);
    // A struct is mostly no pointer in Go, so it was there before, if empty: only its fields come and go.
    if (shape.kind !== 'members' || !declared || type.kind !== 'struct') into.insert(this.path);
    if (shape.kind === 'members' && isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        this.path.push(fieldElement(name));
        this.whole(getMember(value, name) ?? null, shape.typeOf(name), into, shape.declared(name));
        this.path.pop();
      }
    } else if (shape.kind === 'items' && Array.isArray(value)) {
      itemElements(value, shape.type).forEach((element, i) => {
        this.path.push(element);
        this.whole(value[i] ?? null, shape.type.items, into, false);
        this.path.pop();
      });
    }
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
