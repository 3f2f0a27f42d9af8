import type { KubeObject } from '@navarch/api';
import { isDeepStrictEqual } from 'node:util';
import type { WriteContext } from './write-context';

/** Drops owners named twice in the same words, with upstream's warning. */
export function dedupeOwners(object: KubeObject, context: Pick<WriteContext, 'warn'>, isAdmitted = false): void {
  const owners = object.metadata.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const isRepeated = owners.map((owner, i) => owners.findIndex((other) => other.uid === owner.uid && isDeepStrictEqual(other, owner)) !== i);
  if (!isRepeated.includes(true)) return;
  object.metadata.ownerReferences = owners.filter((_owner, i) => isRepeated[i] !== true);
  const repeated = owners.filter((_owner, i) => isRepeated[i] === true).map(({ uid }) => uid);
  const when = isAdmitted ? ' after mutating admission happens' : '';
  context.warn(`.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`);
}
