import { notFound } from '@navarch/apimachinery';
import type { ResourceVersion } from '@navarch/storage';
import { catchUp } from './freshness';
import type { Cached, ResourceStore } from './resource-store';
import { guarded } from './store-failure';

/** Reads one object; `version` as in `catchUp`. Undefined when there is none. */
export async function find(resource: ResourceStore, namespace: string, name: string, version?: ResourceVersion): Promise<Cached | undefined> {
  const key = resource.key(namespace, name);
  if (await catchUp(resource, version)) return resource.objects.get(key);
  const value = await guarded(resource.groupResource, 'get', () => resource.deps.store.get(key));
  return value && resource.objects.objectFrom(value);
}

/** @throws notFound */
export async function get(resource: ResourceStore, namespace: string, name: string, version?: ResourceVersion): Promise<Cached> {
  const found = await find(resource, namespace, name, version);
  if (!found) throw notFound(resource.groupResource, name);
  return found;
}
