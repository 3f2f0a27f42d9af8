import { type JsonObject } from '../json';
import { type StructType } from '../schema';
import { compareTyped } from './compare-typed';
import { ownable } from './ignored-fields';
import { compareOwnership, managerKey, type Manager, type Owners, type Ownership } from './managed-fields';
import { OwnedFields } from './owned-fields';

/** More updaters than this are put together, the oldest first: each kubectl version with its own name must not grow objects for ever. */
const maxUpdaters = 10;
const ancientManager = 'ancient-changes';

/** Puts the oldest updaters together, those of one version into one. */
export function capUpdaters(owners: Map<string, Ownership>): Owners {
  if (owners.size <= maxUpdaters) return owners;
  const updaters = [...owners.values()].filter(({ manager }) => manager.operation === 'Update' && manager.subresource === '').sort(compareOwnership);
  const excess = updaters.length - maxUpdaters;
  if (excess <= 0) return owners;
  for (const old of updaters.slice(0, excess + 1)) {
    owners.delete(managerKey(old.manager));
    const manager: Manager = { ...old.manager, name: ancientManager };
    const present = owners.get(managerKey(manager));
    owners.set(managerKey(manager), present ? { ...old, manager, fields: OwnedFields.of(present.fields.set.union(old.fields.set)) } : { ...old, manager });
  }
  return owners;
}

/** An object that nobody tracked: at its first apply, all that it has belongs to a manager of that name. */
export function ownersBeforeFirstApply(owners: Owners, live: JsonObject, exists: boolean, type: StructType): Owners {
  if (!exists || owners.size > 0) return owners;
  const comparison = compareTyped({}, live, type);
  const fields = ownable(comparison.added.union(comparison.modified));
  if (fields.empty) return owners;
  const apiVersion = typeof live['apiVersion'] === 'string' ? live['apiVersion'] : '';
  const manager: Manager = { name: 'before-first-apply', operation: 'Update', apiVersion, subresource: '' };
  return new Map([[managerKey(manager), { manager, fields: OwnedFields.of(fields), time: undefined }]]);
}

