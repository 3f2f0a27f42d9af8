import type { corev1 } from '../gen';
import { list } from '../support/list';

/** A volume of a pod that is a claim's. */
export interface PodClaim {
  readonly volume: string;
  readonly claimName: string;
  /** The claim is made for the pod, and must be the pod's own. */
  readonly ephemeral: boolean;
}

/** The claims that a pod's volumes name, and those that are made for it. */
export function claimsOfPod({ metadata, spec }: corev1.Pod): PodClaim[] {
  return list(spec?.volumes).flatMap(({ name, persistentVolumeClaim, ephemeral }): PodClaim[] => {
    if (persistentVolumeClaim !== undefined) return [{ volume: name, claimName: persistentVolumeClaim.claimName, ephemeral: false }];
    return ephemeral === undefined ? [] : [{ volume: name, claimName: `${metadata.name ?? ''}-${name}`, ephemeral: true }];
  });
}

/** Whether an ephemeral volume's claim was made for this very pod. */
export function isClaimForPod({ metadata }: corev1.PersistentVolumeClaim, pod: corev1.Pod): boolean {
  const controller = metadata.ownerReferences?.find((reference) => reference.controller === true);
  return metadata.namespace === pod.metadata.namespace && controller?.uid !== undefined && controller.uid === pod.metadata.uid;
}
