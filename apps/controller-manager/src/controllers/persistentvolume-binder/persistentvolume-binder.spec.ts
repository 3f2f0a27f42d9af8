import { core, storage, volumeAnnotations, type corev1, type storagev1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import { omit } from '../../omit';
import { ControllerWorld } from '../../testing/controller-world';
import { migratedClaim, migratedVolume } from '../../volumes/migration';
import { claimStatus, unboundVolume } from './binding';
import { persistentVolumeBinder } from './controller';
import { findVolume } from './match-volume';
import { planClaim, type ClaimPlan } from './plan-claim';
import { planVolume, type VolumePlan } from './plan-volume';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

const bound = { [volumeAnnotations.bindCompleted]: 'yes' };
const claim = (spec: Partial<corev1.PersistentVolumeClaimSpec> = {}, annotations: Record<string, string> = {}): Claim => ({
  metadata: { name: 'data', namespace: 'default', uid: 'c1', annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '', ...spec },
});
const volume = (name: string, spec: Partial<corev1.PersistentVolumeSpec> = {}, more: Partial<Volume> = {}): Volume => ({
  metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: '/x' }, ...spec }, status: { phase: 'Available' }, ...more,
});
const storageClass = (name: string, more: Partial<storagev1.StorageClass> = {}): storagev1.StorageClass => ({ metadata: { name }, provisioner: 'example.com/disk', volumeBindingMode: 'Immediate', ...more });
const reference = (uid?: string, name = 'data'): corev1.ObjectReference => ({ namespace: 'default', name, ...(uid === undefined ? {} : { uid }) });

describe('the volume for a claim', () => {
  it.each<{ reason: string; of: Claim; volumes: Volume[]; waits?: boolean; expected: string | undefined }>([
    { reason: 'is the smallest that is large enough', of: claim(), volumes: [volume('a', { capacity: { storage: '5Gi' } }), volume('b', { capacity: { storage: '2Gi' } }), volume('c', { capacity: { storage: '500Mi' } })], expected: 'b' },
    { reason: 'has the fewest other ways to use it', of: claim(), volumes: [volume('a', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }), volume('b', { capacity: { storage: '9Gi' } })], expected: 'b' },
    { reason: 'allows what is asked for', of: claim({ accessModes: ['ReadWriteMany'] }), volumes: [volume('a')], expected: undefined },
    { reason: 'is of its class', of: claim({ storageClassName: 'gold' }), volumes: [volume('a'), volume('b', { storageClassName: 'gold' })], expected: 'b' },
    { reason: 'is of its mode', of: claim({ volumeMode: 'Block' }), volumes: [volume('a')], expected: undefined },
    { reason: 'has the labels it selects', of: claim({ selector: { matchLabels: { disk: 'ssd' } } }), volumes: [volume('a'), volume('b', {}, { metadata: { name: 'b', labels: { disk: 'ssd' } } })], expected: 'b' },
    { reason: 'is the one that names it, first', of: claim(), volumes: [volume('a'), volume('b', { capacity: { storage: '9Gi' }, claimRef: reference() }, { status: { phase: 'Pending' } })], expected: 'b' },
    { reason: 'is one with fewer ways before one that names it', of: claim(), volumes: [volume('a', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], claimRef: reference() }), volume('b')], expected: 'b' },
    { reason: 'that names it needs neither its class nor its labels', of: claim({ selector: { matchLabels: { disk: 'ssd' } } }), volumes: [volume('a', { storageClassName: 'gold', claimRef: reference('c1') })], expected: 'a' },
    { reason: 'that names it is large enough', of: claim(), volumes: [volume('a', { capacity: { storage: '1Mi' }, claimRef: reference('c1') })], expected: undefined },
    { reason: 'that names it is of its mode', of: claim({ volumeMode: 'Block' }), volumes: [volume('a', { claimRef: reference('c1') })], expected: undefined },
    { reason: 'has its class of attributes', of: claim({ volumeAttributesClassName: 'fast' }), volumes: [volume('a'), volume('b', { capacity: { storage: '9Gi' }, volumeAttributesClassName: 'fast' })], expected: 'b' },
    { reason: 'is not one that names another of its name', of: claim(), volumes: [volume('a', { claimRef: reference('older') })], expected: undefined },
    { reason: 'is not one on its way out', of: claim(), volumes: [volume('a', {}, { metadata: { name: 'a', deletionTimestamp: 'x' } })], expected: undefined },
    { reason: 'is not one that is not free', of: claim(), volumes: [volume('a', {}, { status: { phase: 'Released' } })], expected: undefined },
    { reason: 'is for the scheduler to choose when it waits', of: claim(), volumes: [volume('a')], waits: true, expected: undefined },
    { reason: 'is the one the scheduler chose when it waits', of: claim(), volumes: [volume('a', { claimRef: reference('c1') })], waits: true, expected: 'a' },
  ])('$reason', ({ of, volumes, waits = false, expected }) => expect(findVolume(of, volumes, waits)?.metadata.name).toBe(expected));
});

describe('a claim', () => {
  const late = storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' });
  const old = storageClass('old', { metadata: { name: 'old', creationTimestamp: '2025-01-01T00:00:00Z', annotations: { [volumeAnnotations.defaultClass]: 'true' } } });
  const standard = storageClass('standard', { metadata: { name: 'standard', creationTimestamp: '2026-01-01T00:00:00Z', annotations: { [volumeAnnotations.defaultClass]: 'true' } } });
  const pending = (type: 'Normal' | 'Warning', reason: string, message: string): ClaimPlan => ({ kind: 'pending', notice: { type, reason, message } });
  const unprovisioned = (message: string): ClaimPlan => ({ kind: 'not-provisioned', notice: { type: 'Warning', reason: 'ProvisioningFailed', message } });
  it.each<{ reason: string; of: Claim; volumes?: Volume[]; classes?: storagev1.StorageClass[]; waitingPods?: string[]; expected: ClaimPlan }>([
    { reason: 'without a class waits for a volume', of: claim(), expected: pending('Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set') },
    { reason: 'of a class is provisioned for', of: claim({ storageClassName: 'gold' }), classes: [storageClass('gold')], expected: { kind: 'provision', provisioner: 'example.com/disk' } },
    { reason: 'of a class that is not there says so', of: claim({ storageClassName: 'gold' }), expected: unprovisioned('storageclass.storage.k8s.io "gold" not found') },
    { reason: 'of a class that nobody provisions says so', of: claim({ storageClassName: 'none' }), classes: [storageClass('none', { provisioner: 'kubernetes.io/no-provisioner' })], expected: unprovisioned('no volume plugin matched name: kubernetes.io/no-provisioner') },
    { reason: 'of a class of a plug-in that only mounts says so', of: claim({ storageClassName: 'nfs' }), classes: [storageClass('nfs', { provisioner: 'kubernetes.io/nfs' })], expected: unprovisioned('no provisionable volume plugin matched') },
    {
      reason: 'of a class of directories says that nobody makes them', of: claim({ storageClassName: 'dir' }), classes: [storageClass('dir', { provisioner: 'kubernetes.io/host-path' })],
      expected: unprovisioned('Failed to create provisioner: provisioning in volume plugin "kubernetes.io/host-path" is disabled'),
    },
    { reason: 'of a class that was once built in is provisioned for by its driver', of: claim({ storageClassName: 'ebs' }), classes: [storageClass('ebs', { provisioner: 'kubernetes.io/aws-ebs' })], expected: { kind: 'provision', provisioner: 'ebs.csi.aws.com' } },
    { reason: 'that named no class gets the newest default', of: { metadata: { name: 'data', namespace: 'default' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }, classes: [old, standard], expected: { kind: 'set-class', name: 'standard' } },
    { reason: 'that wants no class stays without one', of: claim(), classes: [standard], expected: pending('Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set') },
    { reason: 'waits for its first consumer', of: claim({ storageClassName: 'late' }), classes: [late], expected: pending('Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding') },
    { reason: 'waits for its consumer to get a node', of: claim({ storageClassName: 'late' }), classes: [late], waitingPods: ['a'], expected: pending('Normal', 'WaitForPodScheduled', 'waiting for pod a to be scheduled') },
    { reason: 'waits for the first of its consumers', of: claim({ storageClassName: 'late' }), classes: [late], waitingPods: ['a', 'b'], expected: pending('Normal', 'WaitForPodScheduled', 'waiting for pods a,b to be scheduled') },
    { reason: 'whose node is chosen is provisioned for', of: claim({ storageClassName: 'late' }, { [volumeAnnotations.selectedNode]: 'n1' }), classes: [late], expected: { kind: 'provision', provisioner: 'example.com/disk' } },
    { reason: 'that names a volume gets it', of: claim({ volumeName: 'a' }), volumes: [volume('a')], expected: { kind: 'bind', volume: volume('a') } },
    { reason: 'that names a volume too small for it says so', of: claim({ volumeName: 'a' }), volumes: [volume('a', { capacity: { storage: '1Mi' } })], expected: pending('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "a": requested PV is too small') },
    { reason: 'that names a volume of another class says so', of: claim({ volumeName: 'a' }), volumes: [volume('a', { storageClassName: 'gold' })], expected: pending('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "a": storageClassName does not match') },
    { reason: 'that names a volume of another mode says so', of: claim({ volumeName: 'a', volumeMode: 'Block' }), volumes: [volume('a')], expected: pending('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "a": incompatible volumeMode') },
    { reason: 'that names a volume whose class of attributes is another says so', of: claim({ volumeName: 'a' }), volumes: [volume('a', { volumeAttributesClassName: 'fast' })], expected: pending('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "a": volumeAttributesClassName does not match') },
    { reason: 'that names a volume with other ways to use it says so', of: claim({ volumeName: 'a', accessModes: ['ReadWriteMany'] }), volumes: [volume('a')], expected: pending('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "a": incompatible accessMode') },
    { reason: 'that names a volume on its way out says so', of: claim({ volumeName: 'a' }), volumes: [volume('a', {}, { metadata: { name: 'a', deletionTimestamp: 'x' } })], expected: pending('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "a": the volume is marked for deletion "a"') },
    { reason: 'that names a volume gets it whatever its labels', of: claim({ volumeName: 'a', selector: { matchLabels: { disk: 'ssd' } } }), volumes: [volume('a')], expected: { kind: 'bind', volume: volume('a') } },
    { reason: "that names another's volume waits, and says so", of: claim({ volumeName: 'a' }), volumes: [volume('a', { claimRef: reference('x', 'other') })], expected: pending('Warning', 'FailedBinding', 'volume "a" already bound to a different claim.') },
    {
      reason: "to which the binder promised another's volume is a mistake", of: claim({ volumeName: 'a' }, { [volumeAnnotations.boundByController]: 'yes' }), volumes: [volume('a', { claimRef: reference('x', 'other') })],
      expected: { kind: 'invalid', notice: { type: 'Warning', reason: 'FailedBinding', message: 'volume "a" already bound to a different claim.' }, error: 'invalid binding of claim "default/data" to volume "a": volume already claimed by "default/other"' },
    },
    { reason: 'that was bound gets its volume back when that has lost it', of: claim({ volumeName: 'a', selector: { matchLabels: { disk: 'ssd' } } }, bound), volumes: [volume('a')], expected: { kind: 'bind', volume: volume('a') } },
    { reason: 'whose volume names it without its uid is bound wrongly', of: claim({ volumeName: 'a' }, bound), volumes: [volume('a', { claimRef: reference() })], expected: { kind: 'lost', notice: { type: 'Warning', reason: 'ClaimMisbound', message: 'Two claims are bound to the same volume, this one is bound incorrectly' } } },
    { reason: 'that names a volume that is not there waits', of: claim({ volumeName: 'a' }), expected: { kind: 'pending' } },
    { reason: 'that was bound has lost its volume', of: claim({ volumeName: 'a' }, bound), expected: { kind: 'lost', notice: { type: 'Warning', reason: 'ClaimLost', message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!' } } },
    { reason: 'that was bound has lost its reference', of: claim({}, bound), expected: { kind: 'lost', notice: { type: 'Warning', reason: 'ClaimLost', message: 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!' } } },
    { reason: 'whose volume is bound to another is bound wrongly', of: claim({ volumeName: 'a' }, bound), volumes: [volume('a', { claimRef: reference('x', 'other') })], expected: { kind: 'lost', notice: { type: 'Warning', reason: 'ClaimMisbound', message: 'Two claims are bound to the same volume, this one is bound incorrectly' } } },
  ])('$reason', ({ of, volumes = [], classes = [], waitingPods = [], expected }) => expect(planClaim({ claim: of, volumes, classes, waitingPods, provisions: true, makesDirectories: false })).toEqual(expected));

  it('is not provisioned for where nothing is', () => {
    expect(planClaim({ claim: claim({ storageClassName: 'gold' }), volumes: [], classes: [storageClass('gold')], waitingPods: [], provisions: false, makesDirectories: true })).toEqual({ kind: 'not-provisioned' });
  });

  it('gets size and modes as it is bound, and keeps the size it has grown to', () => {
    expect(claimStatus(claim(), 'Bound', volume('a', { capacity: { storage: '2Gi' } }))).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' } });
    const grown = { ...claim(), status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '3Gi' } } };
    expect(claimStatus(grown, 'Bound', volume('a'))).toBeUndefined();
    expect(claimStatus(grown, 'Lost')).toEqual({ phase: 'Lost' });
    const growing = (before: string): Volume => volume('a', { capacity: { storage: '5Gi' } }, { metadata: { name: 'a', annotations: { 'volume.alpha.kubernetes.io/pre-resize-capacity': before } } });
    expect(claimStatus(claim(), 'Bound', growing('2048Mi'))?.capacity).toEqual({ storage: '2Gi' });
    expect(claimStatus(claim(), 'Bound', growing('much'))?.capacity).toEqual({ storage: '5Gi' });
  });
});

describe('a volume', () => {
  const mine = claim({ volumeName: 'a' });
  const failed = (reason: string, message: string): VolumePlan => ({ kind: 'release', failure: { type: 'Warning', reason, message } });
  const owned = (spec: Partial<corev1.PersistentVolumeSpec> = {}, annotations: Record<string, string> = {}): Volume => volume('a', { claimRef: reference('c1'), ...spec }, { metadata: { name: 'a', annotations } });
  const made = (source: Partial<corev1.PersistentVolumeSpec>, annotations: Record<string, string> = {}): Volume => {
    return { metadata: { name: 'a', annotations }, spec: { ...omit(owned().spec ?? {}, 'hostPath'), persistentVolumeReclaimPolicy: 'Delete', ...source } };
  };
  const provisioned = { [volumeAnnotations.provisionedBy]: 'example.com/disk' };
  it.each<{ reason: string; of: Volume; with: Claim | undefined; expected: VolumePlan }>([
    { reason: 'without a claim is available', of: volume('a'), with: undefined, expected: { kind: 'phase', phase: 'Available' } },
    { reason: 'that is reserved is available', of: volume('a', { claimRef: reference() }), with: undefined, expected: { kind: 'phase', phase: 'Available' } },
    { reason: 'is bound to the claim that has it', of: owned(), with: mine, expected: { kind: 'phase', phase: 'Bound' } },
    { reason: 'wakes the claim that has yet to take it', of: owned(), with: claim(), expected: { kind: 'wake-claim' } },
    { reason: 'of a claim that is gone is kept', of: owned(), with: undefined, expected: { kind: 'release' } },
    { reason: 'of a claim that is gone is deleted by who made it', of: owned({ persistentVolumeReclaimPolicy: 'Delete' }, provisioned), with: undefined, expected: { kind: 'release' } },
    { reason: 'of a directory outside of /tmp cannot be deleted', of: owned({ persistentVolumeReclaimPolicy: 'Delete' }), with: undefined, expected: failed('VolumeFailedDelete', 'host_path deleter only supports /tmp/.+ but received provided /x') },
    { reason: 'of a directory is deleted by nobody', of: owned({ persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/tmp/x' } }), with: undefined, expected: failed('VolumeFailedDelete', 'error getting deleter volume plugin for volume "a": no deletable volume plugin matched') },
    { reason: 'that nobody made cannot be deleted', of: made({ nfs: { server: 's', path: '/' } }), with: undefined, expected: failed('VolumeFailedDelete', 'error getting deleter volume plugin for volume "a": no deletable volume plugin matched') },
    { reason: 'of an unknown kind cannot be deleted', of: made({ fc: {} }), with: undefined, expected: failed('VolumeFailedDelete', 'error getting deleter volume plugin for volume "a": no volume plugin matched') },
    { reason: 'made by what was once built in cannot be deleted', of: made({ nfs: { server: 's', path: '/' } }, { [volumeAnnotations.provisionedBy]: 'kubernetes.io/old' }), with: undefined, expected: failed('VolumeFailedDelete', 'no volume plugin matched name: kubernetes.io/old') },
    { reason: 'made by what only mounts cannot be deleted', of: made({ nfs: { server: 's', path: '/' } }, { [volumeAnnotations.provisionedBy]: 'kubernetes.io/nfs' }), with: undefined, expected: failed('VolumeFailedDelete', 'no deletable volume plugin matched') },
    { reason: 'made as a directory, that is none, cannot be deleted', of: made({ nfs: { server: 's', path: '/' } }, { [volumeAnnotations.provisionedBy]: 'kubernetes.io/host-path' }), with: undefined, expected: failed('VolumeFailedDelete', 'failed to create deleter for volume "a": spec.PersistentVolumeSource.HostPath is nil') },
    { reason: 'of a driver is left to it, whoever made it', of: made({ csi: { driver: 'csi.example.com', volumeHandle: 'h' } }), with: undefined, expected: { kind: 'release' } },
    { reason: 'that a driver took over is left to it', of: owned({ persistentVolumeReclaimPolicy: 'Recycle' }, { [volumeAnnotations.migratedTo]: 'ebs.csi.aws.com' }), with: undefined, expected: { kind: 'release' } },
    { reason: 'with a policy that there is not cannot be let go', of: owned({ persistentVolumeReclaimPolicy: 'Forget' }), with: undefined, expected: failed('VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy') },
    { reason: 'of a directory is wiped', of: owned({ persistentVolumeReclaimPolicy: 'Recycle' }), with: undefined, expected: { kind: 'recycle', by: 'hostPath' } },
    { reason: 'of another kind cannot be wiped', of: made({ fc: {}, persistentVolumeReclaimPolicy: 'Recycle' }), with: undefined, expected: failed('VolumeFailedRecycle', 'No recycler plugin found for the volume!') },
    { reason: 'is free again when its claim took another', of: owned(), with: claim({ volumeName: 'b' }), expected: { kind: 'unbind' } },
    { reason: 'made for a claim that took another is let go', of: owned({ persistentVolumeReclaimPolicy: 'Delete' }, provisioned), with: claim({ volumeName: 'b' }), expected: { kind: 'release' } },
  ])('$reason', ({ of, with: claimed, expected }) => expect(planVolume(of, claimed)).toEqual(expected));

  it('says on both sides when the mode differs', () => {
    expect(planVolume(owned({ volumeMode: 'Block' }), claim())).toMatchObject({
      kind: 'notice',
      ofVolume: { message: 'Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to incompatible volumeMode.' },
      ofClaim: { message: 'Cannot bind PersistentVolume "a" to requested PersistentVolumeClaim due to incompatible volumeMode.' },
    });
  });

  it('is marked as that of a driver that took it over, and only then', () => {
    const { provisionedBy, migratedTo, storageProvisioner, betaStorageProvisioner } = volumeAnnotations;
    const marks = (annotations: Record<string, string>): unknown => migratedVolume(owned({}, annotations))?.metadata.annotations;
    expect(marks({ [provisionedBy]: 'kubernetes.io/gce-pd' })).toEqual({ [provisionedBy]: 'kubernetes.io/gce-pd', [migratedTo]: 'pd.csi.storage.gke.io' });
    expect(marks({ [provisionedBy]: 'kubernetes.io/gce-pd', [migratedTo]: 'pd.csi.storage.gke.io' })).toBeUndefined();
    const held = { ...owned(), metadata: { name: 'a', annotations: { [provisionedBy]: 'kubernetes.io/gce-pd', [migratedTo]: 'pd.csi.storage.gke.io' }, finalizers: ['kubernetes.io/pv-controller', 'kubernetes.io/pv-protection'] } };
    expect(migratedVolume(held)?.metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
    expect(migratedVolume({ ...held, metadata: { ...held.metadata, annotations: {} } })).toBeUndefined();
    expect(marks({ [provisionedBy]: 'example.com/disk', [migratedTo]: 'old' })).toEqual({ [provisionedBy]: 'example.com/disk' });
    expect(marks({ [migratedTo]: 'by hand' })).toBeUndefined();
    expect(migratedClaim(claim({}, { [betaStorageProvisioner]: 'kubernetes.io/cinder' }))?.metadata.annotations?.[migratedTo]).toBe('cinder.csi.openstack.org');
    expect(migratedClaim(claim({}, { [storageProvisioner]: 'example.com/disk', [betaStorageProvisioner]: 'kubernetes.io/cinder' }))).toBeUndefined();
  });

  it('keeps the reservation that a user made', () => {
    expect(unboundVolume(owned({ claimRef: { ...reference('c1'), resourceVersion: '7' } })).spec?.claimRef).toEqual({ namespace: 'default', name: 'data', resourceVersion: '7' });
    expect(unboundVolume(owned()).spec?.claimRef).toEqual({ namespace: 'default', name: 'data' });
    const chosen = unboundVolume(owned({}, { [volumeAnnotations.boundByController]: 'yes' }));
    expect(chosen.spec).not.toHaveProperty('claimRef');
    expect(chosen.metadata.annotations).toEqual({});
  });
});

describe('claims and volumes', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());
  const fresh = (object: Volume): Volume => ({ metadata: object.metadata, ...(object.spec === undefined ? {} : { spec: object.spec }) });
  const fresher = (of: Claim, name = 'data'): Claim => ({ ...of, metadata: { name, namespace: 'default' } });

  it('find each other, and part when the claim goes', async () => {
    world.create(core.persistentvolumes, fresh(volume('a')));
    await world.run(persistentVolumeBinder);
    expect(world.get(core.persistentvolumes, 'a').status).toEqual({ phase: 'Available' });
    world.create(core.persistentvolumeclaims, fresher(claim()));
    await world.settle();
    const { metadata, spec, status } = world.get(core.persistentvolumeclaims, 'data');
    expect(metadata.annotations).toEqual({ 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' });
    expect(spec?.volumeName).toBe('a');
    expect(status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
    expect(world.get(core.persistentvolumes, 'a')).toMatchObject({
      metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
      spec: { claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name: 'data', uid: metadata.uid } },
      status: { phase: 'Bound' },
    });
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await world.settle();
    expect(world.get(core.persistentvolumes, 'a').status).toEqual({ phase: 'Released' });
    expect(world.warnings).toEqual([]);
  });

  it('of one volume and two claims one has it and the other waits for the next', async () => {
    world.create(core.persistentvolumes, fresh(volume('a')));
    world.create(core.persistentvolumeclaims, fresher(claim(), 'one'));
    world.create(core.persistentvolumeclaims, fresher(claim(), 'two'));
    await world.run(persistentVolumeBinder);
    const phases = (): unknown[] => world.all(core.persistentvolumeclaims).map(({ status }) => status?.phase);
    expect(phases()).toEqual(['Bound', 'Pending']);
    expect(world.eventsOf('two')).toContain('FailedBinding: no persistent volumes available for this claim and no storage class is set');
    world.create(core.persistentvolumes, fresh(volume('b')));
    await world.settle();
    expect(phases()).toEqual(['Bound', 'Bound']);
  });

  it('are asked to be provisioned for once a node is chosen, and bind what is made', async () => {
    world.create(storage.storageclasses, storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }));
    world.create(core.persistentvolumeclaims, fresher(claim({ storageClassName: 'late' })));
    await world.run(persistentVolumeBinder);
    expect(world.eventsOf('data')).toEqual(['WaitForFirstConsumer: waiting for first consumer to be created before binding']);
    world.change(core.persistentvolumeclaims, 'data', ({ metadata }) => (metadata.annotations = { [volumeAnnotations.selectedNode]: 'n1' }));
    await world.settle();
    const asked = world.get(core.persistentvolumeclaims, 'data');
    expect(asked.metadata.annotations).toMatchObject({ 'volume.kubernetes.io/storage-provisioner': 'example.com/disk', 'volume.beta.kubernetes.io/storage-provisioner': 'example.com/disk' });
    expect(world.eventsOf('data').at(-1)).toMatch(/^ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'example.com\/disk' or manually/);
    world.create(core.persistentvolumes, fresh(volume('made', { storageClassName: 'late', claimRef: reference(asked.metadata.uid) })));
    await world.settle();
    expect(world.get(core.persistentvolumeclaims, 'data').status?.phase).toBe('Bound');
    world.api.delete(core.persistentvolumes, '', 'made');
    await world.settle();
    expect(world.get(core.persistentvolumeclaims, 'data').status).toEqual({ phase: 'Lost' });
    expect(world.eventsOf('data').at(-1)).toBe('ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  });

  it('are counted, and so is how long others take for them', async () => {
    world.create(storage.storageclasses, storageClass('fast'));
    world.create(core.persistentvolumeclaims, fresher(claim({ storageClassName: 'fast' })));
    world.create(core.persistentvolumes, fresh(volume('old', { storageClassName: 'slow', volumeMode: 'Block' })));
    await world.run(persistentVolumeBinder);
    await world.clock.advance(4_000);
    expect(await world.metric('pv_collector_unbound_pvc_count')).toEqual({ 'default/fast/': 1 });
    world.create(
      core.persistentvolumes,
      fresh(
        volume(
          'made',
          {
            storageClassName: 'fast',
            persistentVolumeReclaimPolicy: 'Delete',
            claimRef: reference(world.get(core.persistentvolumeclaims, 'data').metadata.uid),
          },
          { metadata: { name: 'made', annotations: { [volumeAnnotations.provisionedBy]: 'example.com/disk' } } },
        ),
      ),
    );
    await world.settle();
    expect(await world.metric('pv_collector_bound_pvc_count')).toEqual({ 'default/fast/': 1 });
    expect(await world.metric('pv_collector_unbound_pvc_count')).toEqual({});
    expect(await world.metric('pv_collector_bound_pv_count')).toEqual({ fast: 1 });
    expect(await world.metric('pv_collector_unbound_pv_count')).toEqual({ slow: 1 });
    expect(await world.metric('pv_collector_total_pv_count')).toEqual({ 'kubernetes.io/host-path/Block': 1, 'kubernetes.io/host-path/Filesystem': 1 });
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await world.settle();
    await world.clock.advance(2_000);
    world.api.delete(core.persistentvolumes, '', 'made');
    await world.settle();
    const text = await world.registry.metrics();
    for (const [operation, seconds] of [['provision', 4], ['delete', 2]]) expect(text).toMatch(new RegExp(`volume_operation_total_seconds_sum{plugin_name="example.com/disk",operation_name="${operation}"} ${seconds}(\\.\\d+)?\n`));
  });

  it('are told of, and counted, where what they need cannot be written', async () => {
    const refuse = (verb: string): void => {
      world.transport.beforeWrite = ({ operation }) => {
        if (operation?.$case === verb && operation.value.key?.resource?.resource !== 'events') throw forbidden({ group: '', resource: 'persistentvolumeclaims' }, 'data', 'no');
      };
    };
    world.create(storage.storageclasses, storageClass('fast'));
    world.create(core.persistentvolumeclaims, fresher(claim({ storageClassName: 'fast' })));
    refuse('update');
    await world.run(persistentVolumeBinder);
    expect(world.eventsOf('data')[0]).toBe('ProvisioningFailed: Error saving claim: persistentvolumeclaims "data" is forbidden: no');
    const errors = async (): Promise<number | undefined> => (await world.metric('volume_operation_total_errors'))['example.com/disk/provision'];
    const before = await errors();
    expect(before).toBeGreaterThan(0);
    world.create(core.persistentvolumes, fresh(volume('made', { storageClassName: 'fast', claimRef: reference(world.get(core.persistentvolumeclaims, 'data').metadata.uid) })));
    await world.settle();
    expect(await errors()).toBeGreaterThan(before ?? 0);
  });

  it('count a directory that nobody deletes as that of its plug-in', async () => {
    world.create(core.persistentvolumes, fresh(volume('a', { persistentVolumeReclaimPolicy: 'Delete', claimRef: reference('gone') })));
    await world.run(persistentVolumeBinder);
    expect(await world.metric('volume_operation_total_errors')).toEqual({ 'kubernetes.io/host-path/delete': 1 });
  });

  it('name only the pods that have yet to be placed', async () => {
    world.create(storage.storageclasses, storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }));
    world.create(core.persistentvolumeclaims, fresher(claim({ storageClassName: 'late' })));
    const user = (name: string, phase: string): void => void world.create(core.pods, { metadata: { name, namespace: 'default' }, spec: { containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }, status: { phase } });
    user('refused', 'Failed');
    user('waiting', 'Pending');
    await world.run(persistentVolumeBinder);
    expect(world.eventsOf('data')).toEqual(['WaitForPodScheduled: waiting for pod waiting to be scheduled']);
  });
});
