import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';

/** Defaults of a claim's spec, also inside an ephemeral volume. */
export function defaultClaimSpec(spec: Loose<corev1.PersistentVolumeClaimSpec>): void {
  spec.resources ??= {};
  spec.volumeMode ??= 'Filesystem';
}

export function defaultPersistentVolumeClaim(claim: Loose<corev1.PersistentVolumeClaim>): void {
  defaultClaimSpec((claim.spec ??= {}));
  (claim.status ??= {}).phase ||= 'Pending';
}
