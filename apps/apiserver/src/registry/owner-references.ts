import type { KubeObject } from '@navarch/api';
import type { WriteContext } from './write-context';

type Owner = NonNullable<KubeObject['metadata']['ownerReferences']>[number];

/** All that one says, so that many of them are told apart in one pass. */
const inWords = ({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: Owner): string => JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);

/** Drops owners named twice in the same words, with upstream's warning. */
export function dedupeOwners(object: KubeObject, context: Pick<WriteContext, 'warn'>, isAdmitted = false): void {
  const owners = object.metadata.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const distinct = new Map<string, Owner>();
  const repeated: string[] = [];
  for (const owner of owners) {
    const words = inWords(owner);
    if (distinct.has(words)) repeated.push(owner.uid);
    else distinct.set(words, owner);
  }
  if (repeated.length === 0) return;
  object.metadata.ownerReferences = [...distinct.values()];
  const when = isAdmitted ? ' after mutating admission happens' : '';
  context.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  );
}
