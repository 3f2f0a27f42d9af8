import { type JsonObject } from '../json';
import { type StructType } from '../schema';
import { compareTyped, isSame, type Comparison } from './compare-typed';
import { conflictError, type ManagerConflict } from './conflicts';
import { FieldSet } from './field-set';
import { type IgnoredFields, ownable } from './ignored-fields';
import { type Ownership } from './managed-fields';
import { OwnedFields } from './owned-fields';

/**
 * Takes from all managers but `self` what a change modified or removed. `free` are fields that may be taken from anybody.
 * @throws ApiError Conflict when something would be taken and `force` is not set
 */
export function takeFromOthers(
  owners: Map<string, Ownership>, self: string, before: JsonObject, after: JsonObject, type: StructType, ignored: IgnoredFields | undefined, force: boolean, free?: () => FieldSet,
): Comparison {
  const all = compareTyped(before, after, type);
  const comparison: Comparison = {
    added: ownable(all.added, ignored), modified: ownable(all.modified, ignored), removed: ownable(all.removed, ignored),
  };
  if (isSame(comparison)) return comparison;
  const changed = comparison.modified.union(comparison.added);
  const conflicts: ManagerConflict[] = [];
  for (const [key, { manager, fields }] of owners) {
    if (key === self) continue;
    if (!fields.intersects(changed)) continue;
    const taken = fields.set.intersection(changed);
    if (!taken.empty) conflicts.push({ manager, fields: taken });
  }
  if (!force && conflicts.length > 0) {
    const left = free ? without(conflicts, free()) : conflicts;
    if (left.length > 0) throw conflictError(left);
  }
  for (const [key, owner] of owners) {
    if (key === self) continue;
    if (!owner.fields.intersects(changed) && !owner.fields.intersects(comparison.removed)) continue;
    const fields = owner.fields.set.difference(changed).difference(comparison.removed);
    if (fields.empty) owners.delete(key);
    else owners.set(key, { ...owner, fields: OwnedFields.of(fields) });
  }
  return comparison;
}

function without(conflicts: readonly ManagerConflict[], free: FieldSet): ManagerConflict[] {
  return conflicts.map(({ manager, fields }) => ({ manager, fields: fields.difference(free) })).filter(({ fields }) => !fields.empty);
}

/** What all managers together own. */
export function unionOfFields(owners: Iterable<Ownership>): FieldSet {
  let all = new FieldSet();
  for (const { fields } of owners) all = all.union(fields.set);
  return all;
}
