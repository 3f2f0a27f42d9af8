import { volumeAnnotations, type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import { FINALIZER, NODE_ANNOTATION } from './plan-provisioning';

export type VolumePlan =
  /** Its data, and then it. */
  | { readonly kind: 'delete' }
  /** Somebody deletes the volume and wants the data kept. */
  | { readonly kind: 'let-go' }
  | { readonly kind: 'grow'; readonly storage: string }
  | { readonly kind: 'nothing' };

/** The node on whose disk a volume of this provisioner is; undefined if the volume is another's. */
export function nodeOfVolume({ metadata: { annotations = {} } }: corev1.PersistentVolume, provisioner: string): string | undefined {
  return annotations[volumeAnnotations.provisionedBy] === provisioner ? annotations[NODE_ANNOTATION] : undefined;
}

/** Decides what becomes of a volume; `claim` is the one bound to it. */
export function planVolume(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim | undefined): VolumePlan {
  const { metadata: { deletionTimestamp, finalizers = [] }, spec, status } = volume;
  const isFree = status?.phase === 'Released' || status?.phase === 'Failed';
  if (spec?.persistentVolumeReclaimPolicy === 'Delete') {
    if (isFree && (deletionTimestamp === undefined || finalizers.includes(FINALIZER))) return { kind: 'delete' };
  } else if (deletionTimestamp !== undefined && finalizers.includes(FINALIZER)) return { kind: 'let-go' };
  const asked = claim?.spec?.resources?.requests?.['storage'];
  const there = claim?.status?.capacity?.['storage'];
  if (status?.phase !== 'Bound' || claim?.status?.phase !== 'Bound' || asked === undefined || there === undefined) return { kind: 'nothing' };
  return compareQuantities(parseQuantity(asked), parseQuantity(there)) > 0 ? { kind: 'grow', storage: asked } : { kind: 'nothing' };
}
