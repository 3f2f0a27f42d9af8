import { claimsOfPod, isClaimForPod, type corev1 } from '@navarch/api';
import { formatNamespacedName } from '@navarch/apimachinery';
import { keyOfObject, type ObjectSource } from '@navarch/reconcile';

/** Pods by the claims that their volumes name. */
export const byClaim = { claim: (pod: corev1.Pod): readonly string[] => claimsOfPod(pod).map(({ claimName: name }) => formatNamespacedName({ namespace: pod.metadata.namespace ?? '', name })) };

/** The pods that use a claim; an ephemeral volume uses it only if it was made for its pod. */
export function podsOfClaim(pods: ObjectSource<corev1.Pod>, claim: corev1.PersistentVolumeClaim): corev1.Pod[] {
  return pods.byIndex('claim', formatNamespacedName(keyOfObject(claim))).filter((pod) => usesClaim(pod, claim));
}

export function usesClaim(pod: corev1.Pod, claim: corev1.PersistentVolumeClaim): boolean {
  return claimsOfPod(pod).some(({ claimName, ephemeral }) => claimName === claim.metadata.name && (!ephemeral || isClaimForPod(claim, pod)));
}

/** Whether a pod has ended, or is on its way out with nothing of it running any more. Mirrors IsPodTerminated of upstream's volume helpers. */
export function isPodTerminated({ metadata, status }: corev1.Pod): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  return metadata.deletionTimestamp !== undefined && (status?.containerStatuses ?? []).every(({ state }) => state?.terminated !== undefined || state?.waiting !== undefined);
}
