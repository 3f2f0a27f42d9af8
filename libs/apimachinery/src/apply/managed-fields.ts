import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { compareStrings } from '../text/compare-strings';
import { FieldSet } from './field-set';
import { OwnedFields } from './owned-fields';

/** Who owns fields: a name, by which means, in which version and through which subresource. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

/** What a manager owns, and when it last changed that. */
export interface Ownership {
  readonly manager: Manager;
  readonly fields: OwnedFields;
  readonly time: string | undefined;
}

/** All owners of an object, by `managerKey`. */
export type Owners = ReadonlyMap<string, Ownership>;

/** An applier is the same manager whatever version it applies in. */
export function managerKey({ name, operation, apiVersion, subresource }: Manager): string {
  // With their lengths, no two managers have the same key, whatever their names hold.
  return operation === 'Apply' ? `Apply ${subresource.length} ${subresource}${name}` : `Update ${apiVersion.length} ${apiVersion}${subresource.length} ${subresource}${name}`;
}

/**
 * Reads `metadata.managedFields`. Entries that cannot be read make all of it worthless, as upstream sees it: undefined then.
 * Those of a stored object are `trusted`: their fields are read only when needed.
 */
export function decodeManagedFields(entries: JsonValue | undefined, trusted = false): Owners | undefined {
  const owners = new Map<string, Ownership>();
  for (const entry of Array.isArray(entries) ? entries : []) {
    const owner = isJsonObject(entry) ? decodeEntry(entry, trusted) : undefined;
    if (!owner) return undefined;
    // Of entries that a client has made one manager's the last one counts, as upstream.
    owners.set(managerKey(owner.manager), owner);
  }
  return owners;
}

function decodeEntry(entry: JsonObject, trusted: boolean): Ownership | undefined {
  const { manager = '', operation, apiVersion = '', subresource = '', fieldsType, fieldsV1 = {}, time } = entry;
  if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '' || fieldsType !== 'FieldsV1' || !isJsonObject(fieldsV1)) return undefined;
  if (typeof manager !== 'string' || typeof apiVersion !== 'string' || typeof subresource !== 'string') return undefined;
  try {
    const fields = trusted ? OwnedFields.lazily(fieldsV1) : OwnedFields.of(FieldSet.fromFieldsV1(fieldsV1));
    return { manager: { name: manager, operation, apiVersion, subresource }, fields, time: typeof time === 'string' ? time : undefined };
  } catch {
    // A path that cannot be read: the caller starts tracking anew.
    return undefined;
  }
}

/** Why nobody can read the entries; undefined when they can be read. */
export function managedFieldsFault(entries: JsonValue | undefined): string | undefined {
  for (const [i, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const { operation, apiVersion = '', fieldsType = '' } = isJsonObject(entry) ? entry : {};
    if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`';
    if (apiVersion === '') return 'apiVersion must not be empty';
    if (fieldsType === '') return `missing fieldsType in managed fields entry ${i}`;
    if (decodeManagedFields([entry]) === undefined) return `managed fields entry ${i} cannot be decoded`;
  }
  return undefined;
}

/** Writes `metadata.managedFields`, ordered as upstream does. */
export function encodeManagedFields(owners: Owners): JsonObject[] {
  return [...owners.values()].sort(compareOwnership).map(({ manager: { name, operation, apiVersion, subresource }, fields, time }) => {
    const entry: JsonObject = { manager: name, operation, apiVersion };
    if (time !== undefined) entry['time'] = time;
    entry['fieldsType'] = 'FieldsV1';
    entry['fieldsV1'] = fields.fieldsV1;
    if (subresource !== '') entry['subresource'] = subresource;
    return entry;
  });
}

export function compareOwnership(a: Ownership, b: Ownership): number {
  return compareStrings(a.manager.operation, b.manager.operation)
    || compareStrings(a.time ?? '', b.time ?? '')
    || compareStrings(a.manager.name, b.manager.name)
    || compareStrings(a.manager.apiVersion, b.manager.apiVersion)
    || compareStrings(a.manager.subresource, b.manager.subresource);
}
