import { volumeAnnotations, type corev1 } from '@navarch/api';
import { deletionProblem } from './built-in-plugins';
import { isMadeHere } from './host-path';
import { modesDiffer } from './match-volume';
import { recyclableKind, type RecyclableKind } from './recycler-pod';
import type { Notice } from './plan-claim';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

export type VolumePlan =
  | { readonly kind: 'phase'; readonly phase: 'Available' | 'Bound' }
  /** Its claim is gone, or has another volume. */
  | { readonly kind: 'release'; readonly failure?: Notice }
  /** As released, and then its directory, which was made here, goes with it. */
  | { readonly kind: 'delete' }
  /** As released, and then to be wiped for the next claim. */
  | { readonly kind: 'recycle'; readonly by: RecyclableKind }
  /** Its claim has another volume: back to those that are free. */
  | { readonly kind: 'unbind' }
  /** The claim must act. */
  | { readonly kind: 'wake-claim' }
  | { readonly kind: 'notice'; readonly ofVolume: Notice; readonly ofClaim: Notice };

/** Decides what a volume needs next; `claim` is the one that it names, if that exists, and `makesDirectories` whether directories are made, and removed, here. Mirrors syncVolume of upstream's pv_controller.go. */
export function planVolume(volume: Volume, claim: Claim | undefined, makesDirectories = false): VolumePlan {
  const reference = volume.spec?.claimRef;
  const annotations = volume.metadata.annotations ?? {};
  // Reserved for a claim that has yet to come: its claim acts.
  if (reference === undefined || (reference.uid ?? '') === '') return { kind: 'phase', phase: 'Available' };
  if (claim === undefined) return planRelease(volume, makesDirectories);
  const claimed = claim.spec?.volumeName ?? '';
  if (claimed === volume.metadata.name) return { kind: 'phase', phase: 'Bound' };
  if (claimed === '') return modesDiffer(claim, volume) ? modeNotices(volume, claim) : { kind: 'wake-claim' };
  // Made for a claim that took another: nobody else will use it.
  if (annotations[volumeAnnotations.provisionedBy] !== undefined && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return planRelease(volume, makesDirectories);
  return { kind: 'unbind' };
}

function modeNotices({ metadata: { name: volume = '' } }: Volume, { metadata: { name: claim = '' } }: Claim): VolumePlan {
  const notice = (message: string): Notice => ({ type: 'Warning', reason: 'VolumeMismatch', message: `${message} due to incompatible volumeMode.` });
  return {
    kind: 'notice',
    ofVolume: notice(`Cannot bind PersistentVolume to requested PersistentVolumeClaim ${JSON.stringify(claim)}`),
    ofClaim: notice(`Cannot bind PersistentVolume ${JSON.stringify(volume)} to requested PersistentVolumeClaim`),
  };
}

/** Data is deleted by who provisioned the volume, and wiped by a pod. Nobody deletes what an administrator made. */
function planRelease(volume: Volume, makesDirectories: boolean): VolumePlan {
  const { metadata: { annotations = {} }, spec } = volume;
  const fail = (reason: string, message: string): VolumePlan => ({ kind: 'release', failure: { type: 'Warning', reason, message } });
  // Whatever its policy says, it is the driver's now.
  if ((annotations[volumeAnnotations.migratedTo] ?? '') !== '') return { kind: 'release' };
  switch (spec?.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return { kind: 'release' };
    case 'Delete': {
      if (makesDirectories && isMadeHere(volume)) return { kind: 'delete' };
      const problem = deletionProblem(volume);
      return problem === undefined ? { kind: 'release' } : fail('VolumeFailedDelete', problem);
    }
    case 'Recycle': {
      const by = recyclableKind(volume);
      return by === undefined ? fail('VolumeFailedRecycle', 'No recycler plugin found for the volume!') : { kind: 'recycle', by };
    }
    default:
      return fail('VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy');
  }
}
