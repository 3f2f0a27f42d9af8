import { volumeAnnotations, type corev1 } from '@navarch/api';
import { formatQuantity, parseQuantity, QuantityError } from '@navarch/apimachinery';
import { canonicalJson } from '@navarch/reconcile';
import { omit } from '../../omit';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

const { bindCompleted, boundByController } = volumeAnnotations;

/** The volume with its claim in it, or undefined if it has it already. */
export function volumeOfClaim(volume: Volume, { metadata }: Claim): Volume | undefined {
  const before = volume.spec?.claimRef;
  if (before !== undefined && before.uid === metadata.uid && before.name === metadata.name && before.namespace === metadata.namespace) return undefined;
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
  // What a user reserved stays reserved when the claim goes to another volume.
  const annotations = before === undefined ? { ...volume.metadata.annotations, [boundByController]: 'yes' } : volume.metadata.annotations;
  return { ...volume, metadata: { ...volume.metadata, ...(annotations === undefined ? {} : { annotations }) }, spec: { ...volume.spec, claimRef } };
}

/** The volume without its claim; one that a user reserved keeps the reservation. */
export function unboundVolume(volume: Volume): Volume {
  const { metadata: { annotations = {} }, spec = {} } = volume;
  if (annotations[boundByController] === undefined && spec.claimRef !== undefined) return { ...volume, spec: { ...spec, claimRef: omit(spec.claimRef, 'uid') } };
  return { ...volume, metadata: { ...volume.metadata, annotations: omit(annotations, boundByController) }, spec: omit(spec, 'claimRef') };
}

/** The claim with its volume in it, or undefined if it has it already. */
export function claimOfVolume(claim: Claim, { metadata: { name: volumeName = '' } }: Volume): Claim | undefined {
  const { annotations = {} } = claim.metadata;
  const isNamed = claim.spec?.volumeName === volumeName;
  if (isNamed && annotations[bindCompleted] !== undefined) return undefined;
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...annotations, ...(isNamed ? {} : { [boundByController]: 'yes' }), [bindCompleted]: 'yes' } },
    spec: { ...claim.spec, volumeName },
  };
}

/** The size before a growth that the file system has yet to follow. */
const PRE_RESIZE_CAPACITY = 'volume.alpha.kubernetes.io/pre-resize-capacity';

/** The capacity that a claim gets from a volume: its own, unless its file system is still smaller. */
function capacityOf({ metadata, spec }: Volume): Record<string, string> | undefined {
  const before = metadata.annotations?.[PRE_RESIZE_CAPACITY];
  try {
    return before === undefined ? spec?.capacity : { storage: formatQuantity(parseQuantity(before)) };
  } catch (error) {
    if (!(error instanceof Error && error.name === QuantityError.name)) throw error;
    return spec?.capacity;
  }
}

/** The claim's status in a phase, with what its volume gives it; undefined if the present one says the same. */
export function claimStatus({ status }: Claim, phase: 'Bound' | 'Lost' | 'Pending', volume?: Volume): corev1.PersistentVolumeClaimStatus | undefined {
  let next: corev1.PersistentVolumeClaimStatus = { ...omit(status ?? {}, 'accessModes', 'capacity', 'currentVolumeAttributesClassName'), phase };
  if (volume !== undefined) {
    const { accessModes, volumeAttributesClassName } = volume.spec ?? {};
    // Once bound, the size is what the file system has grown to.
    const given = status?.phase === phase ? status.capacity : capacityOf(volume);
    const attributes = status?.phase === phase ? status.currentVolumeAttributesClassName : volumeAttributesClassName;
    next = {
      ...next,
      ...(accessModes === undefined ? {} : { accessModes }),
      ...(given === undefined ? {} : { capacity: given }),
      ...(attributes === undefined ? {} : { currentVolumeAttributesClassName: attributes }),
    };
  }
  return canonicalJson(next) === canonicalJson(status) ? undefined : next;
}
