import { storageClassOf, type corev1 } from '@navarch/api';
import { matchesLabelSelector, parseQuantity, quantityToNumber } from '@navarch/apimachinery';
import { nodeSelectorMatches, type SelectableNode } from './node-selector-terms';

export const sizeOf = (quantity: string | undefined): number => (quantity === undefined ? 0 : quantityToNumber(parseQuantity(quantity)));

/** Whether a volume can be used from a node at all. */
export function volumeIsNear(volume: corev1.PersistentVolume, node: SelectableNode): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || nodeSelectorMatches(required, node);
}

/** Whether a volume was set aside for this claim. */
function isFor(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  return reference !== undefined && reference.name === claim.metadata.name && reference.namespace === claim.metadata.namespace && ((reference.uid ?? '') === '' || reference.uid === claim.metadata.uid);
}

function suits(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim): boolean {
  const [offered = {}, wanted = {}] = [volume.spec, claim.spec];
  return storageClassOf(volume) === storageClassOf(claim)
    && (offered.volumeMode ?? 'Filesystem') === (wanted.volumeMode ?? 'Filesystem')
    && (offered.volumeAttributesClassName ?? '') === (wanted.volumeAttributesClassName ?? '')
    && (wanted.accessModes ?? []).every((mode) => offered.accessModes?.includes(mode))
    && (wanted.selector === undefined || matchesLabelSelector(wanted.selector, volume.metadata.labels ?? {}))
    && sizeOf(offered.capacity?.['storage']) >= sizeOf(wanted.resources?.requests?.['storage']);
}

/** The smallest volume that suits a claim on a node; one that was set aside for the claim goes first. */
export function matchVolume(claim: corev1.PersistentVolumeClaim, volumes: readonly corev1.PersistentVolume[], node: SelectableNode, taken: ReadonlySet<string>): corev1.PersistentVolume | undefined {
  let best: corev1.PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken.has(volume.metadata.name ?? '') || volume.metadata.deletionTimestamp !== undefined || !volumeIsNear(volume, node)) continue;
    if (isFor(volume, claim)) {
      if (suits(volume, claim)) return volume;
      continue;
    }
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== 'Available' || !suits(volume, claim)) continue;
    if (best === undefined || sizeOf(volume.spec?.capacity?.['storage']) < sizeOf(best.spec?.capacity?.['storage'])) best = volume;
  }
  return best;
}
