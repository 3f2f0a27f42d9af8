import { storageClassOf, volumeAnnotations, wantsDefaultClass, type corev1, type storagev1 } from '@navarch/api';
import { provisionerInPlaceOf } from '../../volumes/migration';
import { hostPathPlugin, provisioningProblem } from './built-in-plugins';
import { findVolume, isMeantFor, mismatch } from './match-volume';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

export interface Notice {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export type ClaimPlan =
  | { readonly kind: 'bind'; readonly volume: Volume }
  | { readonly kind: 'provision'; readonly provisioner: string }
  /** A volume of a new directory of this machine is made for it here. */
  | { readonly kind: 'make-directory'; readonly storageClass: storagev1.StorageClass }
  /** The claim said nothing of a class, and now there is a default one. */
  | { readonly kind: 'set-class'; readonly name: string }
  | { readonly kind: 'pending'; readonly notice?: Notice }
  /** Nobody can provision for it; its status is left as it is. */
  | { readonly kind: 'not-provisioned'; readonly notice?: Notice }
  /** The binder itself promised it a volume that is somebody else's: this must not happen, and is tried again. */
  | { readonly kind: 'invalid'; readonly notice: Notice; readonly error: string }
  | { readonly kind: 'lost'; readonly notice: Notice };

export interface ObservedClaim {
  readonly claim: Claim;
  readonly volumes: readonly Volume[];
  readonly classes: readonly storagev1.StorageClass[];
  /** Names of pods that use the claim and have no node yet. */
  readonly waitingPods: readonly string[];
  /** Whether volumes are provisioned at all. */
  readonly provisions: boolean;
  /** Whether directories are made for claims. */
  readonly makesDirectories: boolean;
}

/** Decides what a claim needs next. Mirrors syncClaim of upstream's pv_controller.go. */
export function planClaim(observed: ObservedClaim): ClaimPlan {
  const { claim, volumes } = observed;
  const name = claim.spec?.volumeName ?? '';
  const volume = volumes.find(({ metadata }) => metadata.name === name);
  if (claim.metadata.annotations?.[volumeAnnotations.bindCompleted] !== undefined) return planBound(claim, volume);
  return name === '' ? planUnbound(observed) : planNamed(claim, volume);
}

const lost = (reason: string, message: string): ClaimPlan => ({ kind: 'lost', notice: { type: 'Warning', reason, message } });

function planBound(claim: Claim, volume: Volume | undefined): ClaimPlan {
  if ((claim.spec?.volumeName ?? '') === '') return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  if (volume === undefined) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const reference = volume.spec?.claimRef;
  if (reference === undefined || reference.uid === claim.metadata.uid) return { kind: 'bind', volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

/** A user asked for this volume. */
function planNamed(claim: Claim, volume: Volume | undefined): ClaimPlan {
  if (volume === undefined) return { kind: 'pending' };
  if (volume.spec?.claimRef !== undefined) return isMeantFor(volume, claim) ? { kind: 'bind', volume } : planTaken(claim, volume);
  const reason = mismatch(claim, volume);
  if (reason === undefined) return { kind: 'bind', volume };
  return { kind: 'pending', notice: { type: 'Warning', reason: 'VolumeMismatch', message: `Cannot bind to requested volume ${JSON.stringify(volume.metadata.name)}: ${reason}` } };
}

function planTaken({ metadata }: Claim, { metadata: { name = '' }, spec }: Volume): ClaimPlan {
  const notice: Notice = { type: 'Warning', reason: 'FailedBinding', message: `volume ${JSON.stringify(name)} already bound to a different claim.` };
  if (metadata.annotations?.[volumeAnnotations.boundByController] === undefined) return { kind: 'pending', notice };
  const [key, owner] = [metadata, spec?.claimRef].map((one) => JSON.stringify(`${one?.namespace ?? ''}/${one?.name ?? ''}`));
  return { kind: 'invalid', notice, error: `invalid binding of claim ${key ?? ''} to volume ${JSON.stringify(name)}: volume already claimed by ${owner ?? ''}` };
}

function planUnbound({ claim, volumes, classes, waitingPods, provisions, makesDirectories }: ObservedClaim): ClaimPlan {
  const className = storageClassOf(claim);
  const storageClass = classes.find(({ metadata }) => metadata.name === className);
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const volume = findVolume(claim, volumes, waits);
  if (volume !== undefined) return { kind: 'bind', volume };
  const byDefault = wantsDefaultClass(claim) ? defaultClass(classes)?.metadata.name : undefined;
  if (byDefault !== undefined) return { kind: 'set-class', name: byDefault };
  if (waits && (claim.metadata.annotations?.[volumeAnnotations.selectedNode] ?? '') === '') return { kind: 'pending', notice: waitingNotice(waitingPods) };
  if (className === '') return { kind: 'pending', notice: { type: 'Normal', reason: 'FailedBinding', message: 'no persistent volumes available for this claim and no storage class is set' } };
  return provisions ? planProvisioning(className, storageClass, makesDirectories) : { kind: 'not-provisioned' };
}

function waitingNotice(pods: readonly string[]): Notice {
  if (pods.length === 0) return { type: 'Normal', reason: 'WaitForFirstConsumer', message: 'waiting for first consumer to be created before binding' };
  return { type: 'Normal', reason: 'WaitForPodScheduled', message: pods.length === 1 ? `waiting for pod ${pods[0] ?? ''} to be scheduled` : `waiting for pods ${pods.join(',')} to be scheduled` };
}

/** Told for as long as somebody else is to make a volume. */
export const externalNotice = (provisioner: string): Notice => ({
  type: 'Normal', reason: 'ExternalProvisioning',
  message: `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
});

function planProvisioning(className: string, storageClass: storagev1.StorageClass | undefined, makesDirectories: boolean): ClaimPlan {
  const failed = (message: string): ClaimPlan => ({ kind: 'not-provisioned', notice: { type: 'Warning', reason: 'ProvisioningFailed', message } });
  if (storageClass === undefined) return failed(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
  const provisioner = provisionerInPlaceOf(storageClass.provisioner);
  if (makesDirectories && provisioner === hostPathPlugin) return { kind: 'make-directory', storageClass };
  const problem = provisioningProblem(provisioner);
  return problem === undefined ? { kind: 'provision', provisioner } : failed(problem);
}

/** The newest of the classes that say they are the default. */
export function defaultClass(classes: readonly storagev1.StorageClass[]): storagev1.StorageClass | undefined {
  const age = ({ metadata }: storagev1.StorageClass): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return classes
    .filter(({ metadata: { annotations = {} } }) => [volumeAnnotations.defaultClass, 'storageclass.beta.kubernetes.io/is-default-class'].some((name) => annotations[name] === 'true'))
    .sort((a, b) => age(b) - age(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))[0];
}
