import { type ApiError, fieldErrors, forbidden, goQuote, invalid } from '@navarch/apimachinery';
import type { WriteSignal } from '@navarch/storage';
import type { AuthorizationAttributes, Authorizer, User } from '../pipeline';
import type { ResourceStore } from './resource-store';
import { guarded } from './store-failure';
import { applied } from './write-outcome';

// Deleting what cannot be read: its key is lost, or its bytes are no object. Mirrors corrupt_obj_deleter.go and handlers/delete.go of
// upstream's apiserver.

const option = 'ignoreStoreReadErrorWithClusterBreakingPotential';
const verb = 'unsafe-delete-ignore-read-errors';

/** That somebody may delete is known; this takes more. @throws forbidden */
export async function requireUnsafeDelete(authorizer: Authorizer, user: User, asked: AuthorizationAttributes): Promise<void> {
  const resource = { group: asked.group, resource: asked.resource };
  if (asked.subresource !== '') throw forbidden(resource, asked.name, `${option} delete option is not allowed on a subresource or non-resource request`);
  const { verdict, reason = '' } = await authorizer.authorize(user, { ...asked, verb });
  if (verdict !== 'allow') throw forbidden(resource, asked.name, `not permitted to do ${goQuote(verb)}, reason: ${reason}`);
}

export const notForCollections = (): ApiError =>
  invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [fieldErrors.invalid(option, true, 'is not allowed with DELETECOLLECTION, try again after removing the option')]);

/** Removes the key, whatever finalizers stand in the value: nobody can tell. Admission is not asked, as there is no object to show. @throws invalid for what can be read, or is not there */
export function removeUnreadable(resource: ResourceStore, namespace: string, name: string, abandonment: WriteSignal): Promise<void> {
  const key = resource.key(namespace, name);
  const { store, log } = resource.deps;
  const { group, resource: plural } = resource.groupResource;
  return resource.locks.run(key, () => guarded(resource.groupResource, 'delete', async () => {
    for (;;) {
      const value = await store.get(key);
      if (value === undefined || isReadable(resource, value))
        throw invalid({ group, kind: plural }, name, [fieldErrors.invalid(option, true, 'is exclusively used to delete corrupt object(s), try again by removing this option')]);
      const outcome = await store.commit({ ops: [{ kind: 'delete', key, expectedModRevision: value.modRevision }] }, abandonment);
      if (!outcome.ok) continue;
      log.warn({ key }, 'deleted an object that cannot be read');
      await applied(resource, outcome.resourceVersions[0] ?? 0);
      return;
    }
  }));
}

function isReadable({ objects }: ResourceStore, value: Parameters<ResourceStore['objects']['objectFrom']>[0]): boolean {
  try {
    objects.objectFrom(value).parse();
    return true;
  } catch {
    // Why does not matter: it was said to who tried to read it.
    return false;
  }
}
