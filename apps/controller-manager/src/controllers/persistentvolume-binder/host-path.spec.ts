import { existsSync, rmSync } from 'node:fs';
import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { persistentVolumeBinder } from './controller';
import { hostPathVolume, isMadeHere } from './host-path';
import { planVolume } from './plan-volume';

const provisionedBy = 'pv.kubernetes.io/provisioned-by';
const storageClass = (more: Partial<storagev1.StorageClass> = {}): storagev1.StorageClass => ({ metadata: { name: 'dir' }, provisioner: 'kubernetes.io/host-path', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...more });
const claim = (spec: Partial<corev1.PersistentVolumeClaimSpec> = {}): corev1.PersistentVolumeClaim => ({
  metadata: { name: 'data', namespace: 'default' }, spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'dir', ...spec },
});
const madeAt = (path: string, by = 'kubernetes.io/host-path'): corev1.PersistentVolume => ({
  metadata: { name: 'a', annotations: { [provisionedBy]: by } }, spec: { hostPath: { path }, persistentVolumeReclaimPolicy: 'Delete', claimRef: { namespace: 'default', name: 'data', uid: 'gone' } },
});

describe('directories for claims', () => {
  let world: ControllerWorld;
  const made: string[] = [];
  beforeEach(() => (world = new ControllerWorld({ enableHostpathProvisioner: true })));
  afterEach(() => world.stop());
  afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));
  const messages = (): (string | undefined)[] => world.all(core.events).map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);
  const settled = async (isSo: () => boolean): Promise<void> => {
    // The disk takes time of its own.
    for (let round = 0; round < 100 && !isSo(); round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await world.settle();
    }
    expect(isSo()).toBe(true);
  };

  it('are made, bound, and removed with them', async () => {
    world.create(storage.storageclasses, storageClass());
    const { metadata: { uid } } = world.create(core.persistentvolumeclaims, claim());
    await world.run(persistentVolumeBinder);
    await settled(() => world.get(core.persistentvolumeclaims, 'data').status?.phase === 'Bound');
    const name = `pvc-${uid ?? ''}`;
    const { metadata, spec } = world.get(core.persistentvolumes, name);
    const path = spec?.hostPath?.path ?? '';
    made.push(path);
    expect(path).toMatch(/^\/tmp\/hostpath_pv\/[\da-f-]{36}$/);
    expect(existsSync(path)).toBe(true);
    expect(metadata.finalizers).toEqual(['kubernetes.io/pv-controller']);
    expect(messages()).toEqual([`ProvisioningSucceeded: Successfully provisioned volume ${name} using kubernetes.io/host-path`]);
    expect(world.get(core.persistentvolumeclaims, 'data').metadata.annotations).toMatchObject({ 'volume.kubernetes.io/storage-provisioner': 'kubernetes.io/host-path' });
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await settled(() => world.all(core.persistentvolumes).length === 0);
    expect(existsSync(path)).toBe(false);
    expect(world.warnings).toEqual([]);
  });

  it.each<{ reason: string; of: corev1.PersistentVolumeClaim; storageClass: storagev1.StorageClass; expected: string }>([
    { reason: 'blocks are wanted', of: claim({ volumeMode: 'Block' }), storageClass: storageClass(), expected: 'ProvisioningFailed: Failed to provision volume with StorageClass "dir": kubernetes.io/host-path does not support block volume provisioning' },
    { reason: 'they are to be mounted with options', of: claim(), storageClass: storageClass({ mountOptions: ['a', 'b'] }), expected: 'ProvisioningFailed: Mount options are not supported by the provisioner but StorageClass "dir" has mount options [a b]' },
  ])('are not made where $reason', async ({ of, storageClass: chosen, expected }) => {
    world.create(storage.storageclasses, chosen);
    world.create(core.persistentvolumeclaims, of);
    await world.run(persistentVolumeBinder);
    expect(messages()).toEqual([expected]);
    expect(world.all(core.persistentvolumes)).toEqual([]);
  });

  it('become volumes that are for their claims only', () => {
    const of = { ...claim({ accessModes: [] }), metadata: { name: 'data', namespace: 'default', uid: 'u', resourceVersion: '7' } };
    expect(hostPathVolume(of, storageClass({ reclaimPolicy: 'Retain' }), '/tmp/hostpath_pv/x')).toEqual({
      metadata: { name: 'pvc-u', annotations: { 'kubernetes.io/createdby': 'hostpath-dynamic-provisioner', 'pv.kubernetes.io/bound-by-controller': 'yes', [provisionedBy]: 'kubernetes.io/host-path' } },
      spec: {
        accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp/hostpath_pv/x' }, persistentVolumeReclaimPolicy: 'Retain', storageClassName: 'dir',
        claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: 'default', name: 'data', uid: 'u', resourceVersion: '7' },
      },
    });
  });

  it.each([
    { reason: 'was made here', of: madeAt('/tmp/hostpath_pv/1-2'), expected: true },
    { reason: 'is all of them', of: madeAt('/tmp/hostpath_pv/'), expected: false },
    { reason: 'is above them', of: madeAt('/tmp/hostpath_pv/..'), expected: false },
    { reason: 'is in one of them', of: madeAt('/tmp/hostpath_pv/1/2'), expected: false },
    { reason: 'is elsewhere', of: madeAt('/tmp/x'), expected: false },
    { reason: 'is of somebody else', of: madeAt('/tmp/hostpath_pv/1', 'example.com/x'), expected: false },
  ])('are removed only if made here: one that $reason', ({ of, expected }) => {
    expect(isMadeHere(of)).toBe(expected);
    expect(planVolume(of, undefined, true).kind).toBe(expected ? 'delete' : 'release');
    expect(planVolume(of, undefined, false).kind).toBe('release');
  });
});
