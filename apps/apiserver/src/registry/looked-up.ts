import { cachedForm } from './write-outcome';
import type { Cached, ResourceStore } from './resource-store';

/** The objects of a kind that is never stored, as they are at this moment, in the order of their keys. They have no version. */
export async function lookUp(resource: ResourceStore, lookedUp: NonNullable<ResourceStore['lookedUp']>): Promise<Cached[]> {
  const objects = await lookedUp();
  return objects.map((object) => cachedForm(resource, resource.key('', object.metadata.name ?? ''), resource.encode(object), 0)).sort((a, b) => (a.key < b.key ? -1 : 1));
}
