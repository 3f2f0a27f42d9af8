import type { KubeObject } from '@navarch/api';
import type { WriteContext } from './write-context';

/** Drops owners named twice, with upstream's warning. */
export function dedupeOwners(object: KubeObject, context: Pick<WriteContext, 'warn'>): void {
  const owners = object.metadata.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const seen = new Set<string>();
  const unique = owners.filter(({ uid }) => !seen.has(uid) && seen.add(uid));
  if (unique.length === owners.length) return;
  object.metadata.ownerReferences = unique;
  const repeated = [...new Set(owners.filter((owner, i) => owners.findIndex(({ uid }) => uid === owner.uid) !== i).map(({ uid }) => uid))];
  context.warn(`.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`);
}
