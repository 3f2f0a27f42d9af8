import type { metav1 } from '@navarch/api';
import { FOREGROUND, ORPHAN } from './ownership-graph';

/** How an owner was found: absent ones were asked for at the apiserver. */
export type OwnerState = 'solid' | 'absent' | 'waitingForDependents';

export interface DependentFacts {
  readonly metadata: metav1.ObjectMeta;
  readonly owners: readonly { readonly reference: metav1.OwnerReference; readonly state: OwnerState }[];
  readonly hasDependents: boolean;
  /** Among its dependents is one that is itself being deleted in the foreground: a circle, perhaps. */
  readonly dependentsAreDeleting: boolean;
}

export type CollectAction =
  | { readonly kind: 'keep' }
  /** It has a good owner: the others are struck out. */
  | { readonly kind: 'setOwners'; readonly owners: readonly metav1.OwnerReference[] }
  | { readonly kind: 'delete'; readonly policy: 'Orphan' | 'Background' | 'Foreground'; readonly unblock?: readonly metav1.OwnerReference[] };

/** Decides what becomes of an object that has owners. Follows attemptToDeleteItem of upstream's garbagecollector.go. */
export function planCollect({ metadata, owners, hasDependents, dependentsAreDeleting }: DependentFacts): CollectAction {
  if (owners.length === 0) return { kind: 'keep' };
  const solid = owners.filter(({ state }) => state === 'solid');
  const waiting = owners.filter(({ state }) => state === 'waitingForDependents');
  if (solid.length > 0) {
    if (solid.length === owners.length) return { kind: 'keep' };
    return { kind: 'setOwners', owners: solid.map(({ reference }) => reference) };
  }
  if (waiting.length > 0 && hasDependents) {
    if (!dependentsAreDeleting) return { kind: 'delete', policy: 'Foreground' };
    // In a circle each would wait for the next for ever.
    return { kind: 'delete', policy: 'Foreground', unblock: owners.map(({ reference }) => (reference.blockOwnerDeletion === true ? { ...reference, blockOwnerDeletion: false } : reference)) };
  }
  const finalizers = metadata.finalizers ?? [];
  if (finalizers.includes(ORPHAN)) return { kind: 'delete', policy: 'Orphan' };
  if (finalizers.includes(FOREGROUND)) return { kind: 'delete', policy: 'Foreground' };
  return { kind: 'delete', policy: 'Background' };
}
