import type { KubeObject } from '@navarch/api';
import type { ResourceStore } from './resource-store';

/** Finalizers with which the garbage collector is told what to do with dependents. */
export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/** Whether something still wants to see the object before it goes: metadata.finalizers, or a Namespace's own. */
export function hasFinalizers(resource: ResourceStore, object: KubeObject): boolean {
  if ((object.metadata.finalizers?.length ?? 0) > 0) return true;
  if (resource.definition.group !== '' || resource.definition.resource !== 'namespaces') return false;
  const { spec } = object as { spec?: { finalizers?: string[] } };
  return (spec?.finalizers?.length ?? 0) > 0;
}

/** Whether an update has removed the last reason for an object under deletion to stay. */
export function readyToGo(resource: ResourceStore, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !hasFinalizers(resource, object);
}
