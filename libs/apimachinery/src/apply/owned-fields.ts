import { getMember, isJsonObject, type JsonObject } from '../json';
import { FieldSet } from './field-set';

/**
 * The fields that one manager owns, as a set or as the `fieldsV1` they came from: most entries of most writes are not touched,
 * and are written back as they were read.
 */
export class OwnedFields {
  private constructor(private decoded: FieldSet | undefined, private encoded: JsonObject | undefined) {}

  static of(set: FieldSet): OwnedFields {
    return new OwnedFields(set, undefined);
  }

  /** Not read until needed; only for what this server wrote itself. */
  static lazily(fieldsV1: JsonObject): OwnedFields {
    return new OwnedFields(undefined, fieldsV1);
  }

  get set(): FieldSet {
    return (this.decoded ??= FieldSet.fromFieldsV1(this.encoded ?? {}));
  }

  get fieldsV1(): JsonObject {
    return (this.encoded ??= this.set.toFieldsV1());
  }

  /** Whether they have a member in common. */
  intersects(other: FieldSet): boolean {
    return this.decoded ? !this.decoded.intersection(other).empty : meets(this.encoded ?? {}, other);
  }
}

function meets(fieldsV1: JsonObject, set: FieldSet): boolean {
  for (const element of set.members) {
    const below = getMember(fieldsV1, element);
    if (isJsonObject(below) && (Object.hasOwn(below, '.') || isLeaf(below))) return true;
  }
  for (const [element, child] of set.children) {
    const below = getMember(fieldsV1, element);
    if (isJsonObject(below) && meets(below, child)) return true;
  }
  return false;
}

function isLeaf(fieldsV1: JsonObject): boolean {
  for (const name in fieldsV1) return name === '';
  return true;
}
