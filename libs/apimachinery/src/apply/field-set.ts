import { isJsonObject, type JsonObject } from '../json';
import { type SchemaType } from '../schema';
import { elementType } from './element-type';
import { ANY_ELEMENT, type PathElement } from './path-element';

const nothingBelow: ReadonlyMap<PathElement, FieldSet> = new Map();

/** All leaves of all fieldsV1 are this one object. */
export const leafFields: JsonObject = Object.freeze({});

/**
 * A set of paths to fields, as a tree. A path is a member on its own: its parents and children are members only if inserted too.
 * All operations but `insert` leave their operands alone; results share parts with them, so only a set that was just made may be inserted into.
 */
export class FieldSet {
  readonly members = new Set<PathElement>();
  private below: Map<PathElement, FieldSet> | undefined;

  /** What lies below a step; most nodes have nothing there. */
  get children(): ReadonlyMap<PathElement, FieldSet> {
    return this.below ?? nothingBelow;
  }

  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.insert(path);
    return set;
  }

  /** Reads the `fieldsV1` of a managedFields entry. */
  static fromFieldsV1(fields: JsonObject): FieldSet {
    const set = new FieldSet();
    for (const [element, below] of Object.entries(fields)) {
      if (element === '.') continue;
      if (!/^[fkvi]:/.test(element)) throw new Error(`unknown path element: ${element}`);
      const child = isJsonObject(below) ? FieldSet.fromFieldsV1(below) : new FieldSet();
      if (!isJsonObject(below) || Object.keys(below).length === 0 || Object.hasOwn(below, '.')) set.members.add(element);
      set.attach(element, child);
    }
    return set;
  }

  /** Writes the `fieldsV1` of a managedFields entry. */
  toFieldsV1(): JsonObject {
    const fields: JsonObject = {};
    for (const element of this.members) if (!this.children.has(element)) fields[element] = leafFields;
    for (const [element, child] of this.children) {
      const below = child.toFieldsV1();
      if (this.members.has(element)) below['.'] = leafFields;
      fields[element] = below;
    }
    return fields;
  }

  /** The only change in place: for sets still being made. The empty path is no member. */
  insert(path: readonly PathElement[]): void {
    const last = path.at(-1);
    if (last !== undefined) this.descend(path, path.length - 1).members.add(last);
  }

  /** The node below, made if it is missing: for sets still being made. */
  child(element: PathElement): FieldSet {
    let child = this.below?.get(element);
    if (!child) (this.below ??= new Map<PathElement, FieldSet>()).set(element, (child = new FieldSet()));
    return child;
  }

  /** The node at the end of a path, or of its first steps, made if it is missing: for sets still being made. */
  descend(path: readonly PathElement[], steps = path.length): FieldSet {
    return steps <= 0 ? this : this.descend(path, steps - 1).child(path[steps - 1] as PathElement);
  }

  get empty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  has(path: readonly PathElement[]): boolean {
    const last = path.at(-1);
    if (last === undefined) return false;
    const parent = path.slice(0, -1).reduce<FieldSet | undefined>((node, element) => node?.children.get(element), this);
    return parent?.members.has(last) ?? false;
  }

  equals(other: FieldSet): boolean {
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false;
    for (const element of this.members) if (!other.members.has(element)) return false;
    for (const [element, child] of this.children) if (!other.children.get(element)?.equals(child)) return false;
    return true;
  }

  union(other: FieldSet): FieldSet {
    if (other.empty) return this;
    if (this.empty) return other;
    const set = this.copyMembers();
    for (const element of other.members) set.members.add(element);
    for (const [element, child] of this.children) {
      const match = other.children.get(element);
      set.attach(element, match ? child.union(match) : child);
    }
    for (const [element, child] of other.children) if (!this.children.has(element)) set.attach(element, child);
    return set;
  }

  intersection(other: FieldSet): FieldSet {
    const set = new FieldSet();
    for (const element of this.members) if (other.members.has(element)) set.members.add(element);
    for (const [element, child] of this.children) {
      const match = other.children.get(element);
      if (match) set.attach(element, child.intersection(match));
    }
    return set;
  }

  /** Without exactly the members of the other; what lies below them stays. */
  difference(other: FieldSet): FieldSet {
    return this.subtract(other, false);
  }

  /** Without the members of the other and all that lies below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.subtract(other, true);
  }

  private subtract(other: FieldSet, recursive: boolean): FieldSet {
    if (this.empty || other.empty) return this;
    const set = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) set.members.add(element);
    for (const [element, child] of this.children) {
      if (recursive && other.members.has(element)) continue;
      const match = other.children.get(element);
      set.attach(element, match ? child.subtract(match, recursive) : child);
    }
    return set;
  }

  /** What lies on the way to what a pattern names, that itself, and all below. `*` in a pattern is any step. */
  matching(pattern: FieldSet): FieldSet {
    const set = new FieldSet();
    for (const element of this.members) if (pattern.names(element) || pattern.beyond(element)) set.members.add(element);
    for (const [element, child] of this.children) {
      const beyond = pattern.beyond(element);
      if (pattern.names(element)) set.attach(element, child);
      else if (beyond) set.attach(element, child.matching(beyond));
    }
    return set;
  }

  /** As a pattern: whether it ends with this step. */
  private names(element: PathElement): boolean {
    return this.members.has(element) || this.members.has(ANY_ELEMENT);
  }

  /** As a pattern: what goes on after this step. */
  private beyond(element: PathElement): FieldSet | undefined {
    return this.children.get(element) ?? this.children.get(ANY_ELEMENT);
  }

  /** Makes declared fields members when something below them is: owning `spec.replicas` is a claim on `spec`. */
  withNamedFields(type: SchemaType): FieldSet {
    const set = this.copyMembers();
    for (const [element, child] of this.children) {
      if (type.kind === 'struct' && element.startsWith('f:') && type.fields.has(element.slice(2))) set.members.add(element);
      set.attach(element, child.withNamedFields(elementType(type, element)));
    }
    return set;
  }

  /** All members, parents first. */
  * paths(prefix: readonly PathElement[] = []): Generator<PathElement[]> {
    for (const element of this.members) yield [...prefix, element];
    for (const [element, child] of this.children) yield* child.paths([...prefix, element]);
  }

  private copyMembers(): FieldSet {
    const set = new FieldSet();
    for (const element of this.members) set.members.add(element);
    return set;
  }

  private attach(element: PathElement, child: FieldSet): void {
    if (!child.empty) (this.below ??= new Map<PathElement, FieldSet>()).set(element, child);
  }
}
