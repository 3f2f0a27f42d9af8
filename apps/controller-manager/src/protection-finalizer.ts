import type { KubeObject } from '@navarch/api';

/** What to do about the finalizer that protects an object in use: undefined when it is as it should be. */
export function planProtection({ metadata }: KubeObject, finalizer: string, isUsed: () => boolean): 'add' | 'remove' | undefined {
  const has = metadata.finalizers?.includes(finalizer) === true;
  if (metadata.deletionTimestamp === undefined) return has ? undefined : 'add';
  return has && !isUsed() ? 'remove' : undefined;
}

export function withFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  return { ...object, metadata: { ...object.metadata, finalizers: [...(object.metadata.finalizers ?? []), finalizer] } };
}

export function withoutFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  return { ...object, metadata: { ...object.metadata, finalizers: (object.metadata.finalizers ?? []).filter((each) => each !== finalizer) } };
}
