import { volumeAnnotations, type corev1 } from '@navarch/api';
import { modesDiffer } from './match-volume';
import type { Notice } from './plan-claim';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

export type VolumePlan =
  | { readonly kind: 'phase'; readonly phase: 'Available' | 'Bound' }
  /** Its claim is gone, or has another volume. */
  | { readonly kind: 'release'; readonly failure?: Notice }
  /** Its claim has another volume: back to those that are free. */
  | { readonly kind: 'unbind' }
  /** The claim must act. */
  | { readonly kind: 'wake-claim' }
  | { readonly kind: 'notice'; readonly ofVolume: Notice; readonly ofClaim: Notice };

/** Decides what a volume needs next; `claim` is the one that it names, if that exists. Mirrors syncVolume of upstream's pv_controller.go. */
export function planVolume(volume: Volume, claim: Claim | undefined): VolumePlan {
  const reference = volume.spec?.claimRef;
  const annotations = volume.metadata.annotations ?? {};
  // Reserved for a claim that has yet to come: its claim acts.
  if (reference === undefined || (reference.uid ?? '') === '') return { kind: 'phase', phase: 'Available' };
  if (claim === undefined) return planRelease(volume);
  const claimed = claim.spec?.volumeName ?? '';
  if (claimed === volume.metadata.name) return { kind: 'phase', phase: 'Bound' };
  if (claimed === '') return modesDiffer(claim, volume) ? modeNotices(volume, claim) : { kind: 'wake-claim' };
  // Made for a claim that took another: nobody else will use it.
  if (annotations[volumeAnnotations.provisionedBy] !== undefined && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return planRelease(volume);
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

/** Data is deleted by who provisioned the volume. Nobody deletes, or wipes, what an administrator made. */
function planRelease(volume: Volume): VolumePlan {
  const { metadata: { annotations = {} }, spec } = volume;
  const fail = (reason: string, message: string): VolumePlan => ({ kind: 'release', failure: { type: 'Warning', reason, message } });
  // Whatever its policy says, it is the driver's now.
  if ((annotations[volumeAnnotations.migratedTo] ?? '') !== '') return { kind: 'release' };
  switch (spec?.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return { kind: 'release' };
    case 'Delete':
      return isProvisionedElsewhere(annotations) ? { kind: 'release' } : fail('VolumeFailedDelete', cannotDelete(volume));
    case 'Recycle':
      return fail('VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    default:
      return fail('VolumeUnknownReclaimPolicy', 'Volume has unrecognized reclaim policy');
  }
}

const isBuiltIn = (provisioner: string): boolean => provisioner.startsWith('kubernetes.io/');

function isProvisionedElsewhere(annotations: Readonly<Record<string, string>>): boolean {
  const provisioner = annotations[volumeAnnotations.provisionedBy] ?? '';
  return provisioner !== '' && !isBuiltIn(provisioner);
}

/** Kinds of volumes that upstream's controller knows, though it can delete none of them. */
const KNOWN_KINDS = ['csi', 'hostPath', 'local', 'nfs'] as const;

/** Why nobody deletes the data of a volume, in upstream's words. */
function cannotDelete({ metadata: { name = '', annotations = {} }, spec }: Volume): string {
  const provisioner = annotations[volumeAnnotations.provisionedBy] ?? '';
  if (isBuiltIn(provisioner)) return `no volume plugin matched name: ${provisioner}`;
  const path = spec?.hostPath?.path;
  // Upstream removes such directories of the machine that its controller-manager happens to run on; here nobody does.
  if (path !== undefined && !/\/tmp\/./.test(path)) return `host_path deleter only supports /tmp/.+ but received provided ${path}`;
  return `error getting deleter volume plugin for volume ${JSON.stringify(name)}: ${KNOWN_KINDS.some((kind) => spec?.[kind] !== undefined) ? 'no deletable volume plugin matched' : 'no volume plugin matched'}`;
}
