import { storageClassOf, type corev1 } from '@navarch/api';
import type { QueueingHint } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';

export const bindCompleted = 'pv.kubernetes.io/bind-completed';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
export const selectedNode = 'volume.kubernetes.io/selected-node';

/** The claims of a pod, or why they cannot be used yet. Assumed changes count in. */
export function claimsOf(pod: PodInfo, state: ClusterState): readonly corev1.PersistentVolumeClaim[] | { readonly refused: string } {
  const claims: corev1.PersistentVolumeClaim[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const name = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral === undefined ? undefined : `${pod.name}-${volume.name}`);
    if (name === undefined) continue;
    const claim = state.reservations.claims.get({ namespace: pod.namespace, name });
    if (claim === undefined) {
      return {
        refused:
          volume.ephemeral === undefined
            ? `persistentvolumeclaim "${name}" not found`
            : `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`,
      };
    }
    if (claim.status?.phase === 'Lost') return { refused: `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"` };
    if (claim.metadata.deletionTimestamp !== undefined) return { refused: `persistentvolumeclaim "${name}" is being deleted` };
    const isOwner = claim.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.uid) === true;
    if (volume.ephemeral !== undefined && !isOwner) return { refused: `PVC ${pod.namespace}/${name} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)` };
    claims.push(claim);
  }
  return claims;
}

/** Whether an event is about a claim that the pod names. */
export const usesClaim: QueueingHint = (pod, { after }) => after?.metadata.namespace === pod.namespace && pod.claims.includes(after.metadata.name ?? '');

/** Bound by both sides. */
export function isBound({ metadata, spec }: corev1.PersistentVolumeClaim): boolean {
  return (spec?.volumeName ?? '') !== '' && metadata.annotations?.[bindCompleted] !== undefined;
}

/** Whether the claim's volume is found, or made, only once it is known where its first user runs. */
export function waitsForConsumer(claim: corev1.PersistentVolumeClaim, state: ClusterState): boolean {
  const name = storageClassOf(claim);
  return name !== '' && state.objects.storageClasses.get({ namespace: '', name })?.volumeBindingMode === 'WaitForFirstConsumer';
}
