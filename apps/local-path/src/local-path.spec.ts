import { core, storage, volumeAnnotations, type corev1, type storagev1 } from '@navarch/api';
import { SimulatedCluster, silentLog } from '@navarch/client/testing';
import { ensureStorageClass } from './default-class';
import { LocalPathProvisioner } from './local-path-provisioner';
import { isOwnPath, planProvisioning, type ProvisioningPlan } from './plan-provisioning';
import { planVolume, type VolumePlan } from './plan-volume';

const provisioner = 'navarch.io/local-path';
const asked = (node?: string): Record<string, string> => ({ [volumeAnnotations.storageProvisioner]: provisioner, ...(node === undefined ? {} : { [volumeAnnotations.selectedNode]: node }) });
const claim = (annotations: Record<string, string>, spec: Partial<corev1.PersistentVolumeClaimSpec> = {}): corev1.PersistentVolumeClaim => ({
  metadata: { name: 'data', namespace: 'default', uid: 'u1', annotations }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'standard', resources: { requests: { storage: '1Gi' } }, ...spec },
});
const standard: storagev1.StorageClass = { metadata: { name: 'standard' }, provisioner, reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer' };
const node: corev1.Node = { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'host-1' } } };
const directory = (name: string): string => `/nodes/${name}/volumes`;

describe('what a claim gets', () => {
  const plan = (given: corev1.PersistentVolumeClaim, storageClass = standard): ProvisioningPlan => planProvisioning({ claim: given, storageClass, node, directory, provisioner });

  it("is a directory of the chosen node, which only that node's pods can use", () => {
    expect(plan(claim(asked('n1')))).toEqual({
      kind: 'provision', path: '/nodes/n1/volumes/pvc-u1_default_data',
      volume: {
        metadata: { name: 'pvc-u1', annotations: { 'pv.kubernetes.io/provisioned-by': provisioner, 'navarch.io/local-path-node': 'n1' }, finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'] },
        spec: {
          accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/nodes/n1/volumes/pvc-u1_default_data', type: 'DirectoryOrCreate' },
          claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: 'default', name: 'data', uid: 'u1', resourceVersion: '' },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['host-1'] }] }] } },
          persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'standard', volumeMode: 'Filesystem',
        },
      },
    });
  });

  const refusal = (text: string): ProvisioningPlan => ({ kind: 'refuse', message: `failed to provision volume with StorageClass "standard": ${text}` });
  it.each<{ reason: string; given: corev1.PersistentVolumeClaim; of?: storagev1.StorageClass; expected: ProvisioningPlan }>([
    { reason: 'nothing, when it asks somebody else', given: claim({}), expected: { kind: 'nothing' } },
    { reason: 'nothing, when it has a volume', given: claim(asked('n1'), { volumeName: 'x' }), expected: { kind: 'nothing' } },
    { reason: 'a refusal, when no node will be chosen', given: claim(asked()), of: { ...standard, volumeBindingMode: 'Immediate' }, expected: refusal('no node was chosen: the class must have volumeBindingMode WaitForFirstConsumer') },
    { reason: 'a refusal, when many nodes want it', given: claim(asked('n1'), { accessModes: ['ReadWriteMany'] }), expected: refusal('a directory of one node can only be ReadWriteOnce or ReadWriteOncePod') },
    { reason: 'a refusal, when it wants a device', given: claim(asked('n1'), { volumeMode: 'Block' }), expected: refusal('a directory cannot be a block device') },
    { reason: 'a refusal, when it selects', given: claim(asked('n1'), { selector: {} }), expected: refusal('claim.spec.selector is not supported') },
    { reason: 'a refusal, when it wants a copy', given: claim(asked('n1'), { dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } }), expected: refusal('data sources are not supported') },
  ])('is $reason', ({ given, of, expected }) => expect(plan(given, of)).toEqual(expected));

  it.each([
    ['/nodes/n1/volumes/pvc-u1_default_data', true], ['/nodes/n1/volumes/pvc-u2_default_data', false], ['/nodes/n1/volumes', false], ['/etc/pvc-u1_x', false], ['/nodes/n1/volumes/../pvc-u1_x', false], ['', false],
  ])('only its own directory is ever deleted: %s', (path, own) => expect(isOwnPath(path, 'pvc-u1', '/nodes/n1/volumes')).toBe(own));
});

describe('a volume', () => {
  const volume = (phase: string, policy: string, deleted = false): corev1.PersistentVolume => ({
    metadata: { name: 'pvc-u1', finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'], ...(deleted ? { deletionTimestamp: 'x' } : {}) }, spec: { persistentVolumeReclaimPolicy: policy }, status: { phase },
  });
  it.each<{ reason: string; given: corev1.PersistentVolume; expected: VolumePlan }>([
    { reason: 'in use stays', given: volume('Bound', 'Delete'), expected: { kind: 'nothing' } },
    { reason: 'released goes with its data', given: volume('Released', 'Delete'), expected: { kind: 'delete' } },
    { reason: 'released and deleted goes with its data', given: volume('Released', 'Delete', true), expected: { kind: 'delete' } },
    { reason: 'in use that somebody deletes stays until it is free', given: volume('Bound', 'Delete', true), expected: { kind: 'nothing' } },
    { reason: 'to be kept stays', given: volume('Released', 'Retain'), expected: { kind: 'nothing' } },
    { reason: 'to be kept that somebody deletes leaves its data', given: volume('Released', 'Retain', true), expected: { kind: 'let-go' } },
  ])('$reason', ({ given, expected }) => expect(planVolume(given, undefined)).toEqual(expected));
});

describe('the provisioner', () => {
  let cluster: SimulatedCluster;
  let worker: LocalPathProvisioner;
  let made: Set<string>;
  const run = async (nodeName?: string): Promise<void> => {
    worker = new LocalPathProvisioner({ provisioner, directory, ...(nodeName === undefined ? {} : { nodeName }) }, {
      api: cluster.client, sources: cluster.informers, clock: cluster.clock, log: silentLog,
      directories: { make: (path) => Promise.resolve(void made.add(path)), remove: (path) => Promise.resolve(void made.delete(path)) },
    });
    await cluster.start();
    await worker.start();
    await cluster.settle();
  };
  const volumes = (): corev1.PersistentVolume[] => cluster.api.list(core.persistentvolumes);
  const events = (): string[] => cluster.api.list<corev1.Event>(core.events).map(({ reason = '' }) => reason);
  const setPhase = (name: string, phase: string): void => void cluster.api.update(core.persistentvolumes, '', name, 'status', { ...cluster.api.get(core.persistentvolumes, '', name), status: { phase } } as corev1.PersistentVolume);

  beforeEach(() => {
    cluster = new SimulatedCluster();
    made = new Set();
    cluster.api.create(storage.storageclasses, '', standard);
    cluster.api.create(core.nodes, '', node);
    cluster.api.create(core.persistentvolumeclaims, 'default', claim(asked('n1')));
  });
  afterEach(async () => {
    await worker.stop();
    await cluster.stop();
  });

  it('makes a directory and its volume, and deletes both when the volume is released', async () => {
    await run();
    const [volume] = volumes();
    const name = volume?.metadata.name ?? '';
    expect([...made]).toEqual([volume?.spec?.hostPath?.path]);
    expect(events()).toEqual(['Provisioning', 'ProvisioningSucceeded']);
    setPhase(name, 'Bound');
    await cluster.settle();
    expect(volumes()).toHaveLength(1);
    setPhase(name, 'Released');
    await cluster.settle();
    expect(volumes()).toEqual([]);
    expect([...made]).toEqual([]);
  });

  it('keeps the data of a volume that is to be retained', async () => {
    await run();
    const name = volumes()[0]?.metadata.name ?? '';
    const volume = cluster.api.get(core.persistentvolumes, '', name) as corev1.PersistentVolume;
    cluster.api.update(core.persistentvolumes, '', name, '', { ...volume, spec: { ...volume.spec, persistentVolumeReclaimPolicy: 'Retain' } } as corev1.PersistentVolume);
    setPhase(name, 'Released');
    cluster.api.delete(core.persistentvolumes, '', name);
    await cluster.settle();
    expect(volumes()).toEqual([]);
    expect(made.size).toBe(1);
  });

  it("leaves other nodes' claims alone", async () => {
    await run('n2');
    expect(volumes()).toEqual([]);
  });

  it('lets a claim grow', async () => {
    await run();
    const name = volumes()[0]?.metadata.name ?? '';
    setPhase(name, 'Bound');
    const bound = cluster.api.get(core.persistentvolumeclaims, 'default', 'data') as corev1.PersistentVolumeClaim;
    cluster.api.update(core.persistentvolumeclaims, 'default', 'data', 'status', { ...bound, status: { phase: 'Bound', capacity: { storage: '1Gi' } } } as corev1.PersistentVolumeClaim);
    const now = cluster.api.get(core.persistentvolumeclaims, 'default', 'data') as corev1.PersistentVolumeClaim;
    cluster.api.update(core.persistentvolumeclaims, 'default', 'data', '', { ...now, spec: { ...now.spec, volumeName: name, resources: { requests: { storage: '3Gi' } } } } as corev1.PersistentVolumeClaim);
    await cluster.settle();
    expect(volumes()[0]?.spec?.capacity).toEqual({ storage: '3Gi' });
    expect((cluster.api.get(core.persistentvolumeclaims, 'default', 'data') as corev1.PersistentVolumeClaim).status?.capacity).toEqual({ storage: '3Gi' });
  });

  it('makes its class once, as the default unless another is', async () => {
    await run();
    const { signal } = new AbortController();
    await ensureStorageClass('fast', provisioner, cluster.client, signal);
    await ensureStorageClass('slow', provisioner, cluster.client, signal);
    await ensureStorageClass('fast', 'other', cluster.client, signal);
    const classes = cluster.api.list<storagev1.StorageClass>(storage.storageclasses);
    expect(classes.map(({ metadata, provisioner: by }) => [metadata.name, metadata.annotations?.[volumeAnnotations.defaultClass], by])).toEqual([
      ['fast', 'true', provisioner],
      ['slow', undefined, provisioner],
      ['standard', undefined, provisioner],
    ]);
  });
});
