import { getMember, isJsonObject, setMember, zeroOf, type JsonObject, type JsonValue } from '../json';
import { anyType, type SchemaType } from '../schema';

/** What Go has for the null of a member: nothing, but in its maps of texts and numbers, which have no room for nothing. */
function ofNull(holder: SchemaType, inGo: boolean): JsonValue {
  return inGo && holder.kind === 'map' && holder.values.kind === 'scalar' ? zeroOf(holder.values) : null;
}

function typeOf(holder: SchemaType, name: string): SchemaType {
  if (holder.kind === 'struct') return holder.fields.get(name)?.type ?? anyType;
  return holder.kind === 'map' ? holder.values : anyType;
}

/**
 * An applied configuration without its nulls. A null says nothing: manifests written by Go are full of `creationTimestamp: null`.
 * `inGo`: whether the value is part of a struct of Go; custom objects, but for their metadata, are not.
 */
export function withoutNulls(object: JsonObject, type: SchemaType, inGo = false): JsonObject {
  const kept: JsonObject = {};
  // The types of custom objects are called by their bare names.
  const here = type.kind === 'struct' ? type.id !== type.goName : inGo;
  for (const name of Object.keys(object)) {
    const value = getMember(object, name) ?? ofNull(type, here);
    if (value !== null) setMember(kept, name, nested(value, typeOf(type, name), here));
  }
  return kept;
}

function nested(value: JsonValue, type: SchemaType, inGo: boolean): JsonValue {
  if (Array.isArray(value)) return value.map((item) => nested(item, type.kind === 'list' ? type.items : anyType, inGo));
  return isJsonObject(value) ? withoutNulls(value, type, inGo) : value;
}
