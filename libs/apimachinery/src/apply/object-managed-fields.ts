import { equalJson, getMember, isJsonObject, serializeUntyped, setMember, shallowCopy, type JsonObject, type JsonValue } from '../json';
import { compareStrings } from '../text/compare-strings';
import { encodeManagedFields, type Owners } from './managed-fields';

/** The raw entries. */
export function managedFieldsOf(object: JsonObject): JsonValue | undefined {
  const metadata = getMember(object, 'metadata');
  return isJsonObject(metadata) ? getMember(metadata, 'managedFields') : undefined;
}

/** The object without them; shares the rest. */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = getMember(object, 'metadata');
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return object;
  const rest: JsonObject = {};
  for (const name of Object.keys(metadata)) if (name !== 'managedFields') setMember(rest, name, metadata[name] ?? null);
  const copy = shallowCopy(object);
  copy['metadata'] = rest;
  return copy;
}

/** The object with these; none at all leaves the field out. */
export function withManagedFields(object: JsonObject, owners: Owners): JsonObject {
  return withEntries(object, encodeManagedFields(owners));
}

export function withEntries(object: JsonObject, entries: JsonObject[]): JsonObject {
  const metadata = getMember(object, 'metadata');
  return { ...object, metadata: { ...(isJsonObject(metadata) ? metadata : {}), ...(entries.length > 0 ? { managedFields: entries } : {}) } };
}

/**
 * Whether two states differ only in the times of their managedFields: then a write is a no-op, and the old state stays.
 */
export function sameButManagedTimes(a: JsonObject, b: JsonObject): boolean {
  return equalJson(withoutManagedFields(a), withoutManagedFields(b)) && withoutTimes(managedFieldsOf(a)).join() === withoutTimes(managedFieldsOf(b)).join();
}

function withoutTimes(entries: JsonValue | undefined): string[] {
  return Array.isArray(entries) ? entries.map((entry) => serializeUntyped(isJsonObject(entry) ? { ...entry, time: null } : entry)).sort(compareStrings) : [];
}
