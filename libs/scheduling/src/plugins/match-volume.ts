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

/** What even a volume that was set aside for a claim must have. */
function serves({ spec: offered = {} }: corev1.PersistentVolume, { spec: wanted = {} }: corev1.PersistentVolumeClaim): boolean {
  return (offered.volumeMode ?? 'Filesystem') === (wanted.volumeMode ?? 'Filesystem')
    && (offered.volumeAttributesClassName ?? '') === (wanted.volumeAttributesClassName ?? '')
    && sizeOf(offered.capacity?.['storage']) >= sizeOf(wanted.resources?.requests?.['storage']);
}

function suits(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim): boolean {
  const [offered = {}, wanted = {}] = [volume.spec, claim.spec];
  return storageClassOf(volume) === storageClassOf(claim)
    && (wanted.accessModes ?? []).every((mode) => offered.accessModes?.includes(mode))
    && (wanted.selector === undefined || matchesLabelSelector(wanted.selector, volume.metadata.labels ?? {}))
    && serves(volume, claim);
}

/**
 * The smallest volume that suits a claim on a node. With one that was set aside for the claim there is no choice: that, or on nodes from which it
 * cannot be used none. Mirrors FindMatchingVolume of upstream's volume helpers.
 */
export function matchVolume(claim: corev1.PersistentVolumeClaim, volumes: readonly corev1.PersistentVolume[], node: SelectableNode, taken: ReadonlySet<string>): corev1.PersistentVolume | undefined {
  let best: corev1.PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken.has(volume.metadata.name ?? '') || volume.metadata.deletionTimestamp !== undefined) continue;
    if (isFor(volume, claim)) {
      if (serves(volume, claim)) return volumeIsNear(volume, node) ? volume : undefined;
      continue;
    }
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== 'Available' || !volumeIsNear(volume, node) || !suits(volume, claim)) continue;
    if (best === undefined || sizeOf(volume.spec?.capacity?.['storage']) < sizeOf(best.spec?.capacity?.['storage'])) best = volume;
  }
  return best;
}
