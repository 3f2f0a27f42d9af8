import { FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { fractionWarnings } from '../../validation/fraction-warnings';

const formerClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** The annotation that named a class before the field did, on a claim or a volume. */
export function formerClassWarnings({ metadata }: Loose<{ metadata: { annotations?: Record<string, string> } }>): string[] {
  if (metadata?.annotations?.[formerClassAnnotation] === undefined) return [];
  return [`metadata.annotations[${formerClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`];
}

/** Mirrors GetWarningsForPersistentVolumeClaimSpec of pkg/api/persistentvolumeclaim; also for claims that others make. */
export function claimSpecWarnings({ resources }: Loose<corev1.PersistentVolumeClaimSpec>, path: FieldPath): string[] {
  return (['requests', 'limits'] as const).flatMap((field) => fractionWarnings(resources?.[field], ['storage'], path.child('resources', field)));
}

export function claimWarnings(claim: Loose<corev1.PersistentVolumeClaim>): string[] {
  return [...formerClassWarnings(claim), ...claimSpecWarnings(claim.spec ?? {}, FieldPath.of('spec'))];
}
