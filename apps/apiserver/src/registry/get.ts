import { notFound } from '@navarch/apimachinery';
import type { ResourceVersion } from '@navarch/storage';
import { askedAs } from './asked-as';
import { cachedOrStored, catchUp, findFresh } from './freshness';
import { lookUp } from './looked-up';
import type { Cached, ResourceStore } from './resource-store';

/** Reads one object; `version` as in `catchUp`. Undefined when there is none. */
export async function find(resource: ResourceStore, namespace: string, name: string, version?: ResourceVersion): Promise<Cached | undefined> {
  const key = resource.key(namespace, name);
  if (resource.lookedUp) return (await lookUp(resource, resource.lookedUp)).find((object) => object.key === key);
  if (version === undefined) return findFresh(resource, key);
  await catchUp(resource, version);
  return cachedOrStored(resource, key);
}

/** `requested`: as whose resource the client asks for it. @throws notFound */
export async function get(resource: ResourceStore, namespace: string, name: string, version?: ResourceVersion, requested?: { readonly group: string }): Promise<Cached> {
  const found = await find(resource, namespace, name, version);
  if (!found) throw notFound(askedAs(resource.groupResource, requested), name);
  return found;
}
