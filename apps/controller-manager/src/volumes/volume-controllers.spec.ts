import { core, storage, type corev1 } from '@navarch/api';
import { ephemeralVolumeController } from '../controllers/ephemeral-volume/controller';
import { expandController } from '../controllers/expand/controller';
import { pvProtectionController } from '../controllers/pv-protection/controller';
import { pvcProtectionController } from '../controllers/pvc-protection/controller';
import { vacProtectionController } from '../controllers/vac-protection/controller';
import { ControllerWorld } from '../testing/controller-world';

const claim = (more: Partial<corev1.PersistentVolumeClaim> = {}): corev1.PersistentVolumeClaim => ({ metadata: { name: 'data', namespace: 'default' }, spec: { resources: { requests: { storage: '1Gi' } } }, ...more });
const pod = (spec: Partial<corev1.PodSpec> = {}, name = 'p'): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }], ...spec } });
const ephemeral: corev1.Volume = { name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } } };

let world: ControllerWorld;
beforeEach(() => (world = new ControllerWorld()));
afterEach(() => world.stop());
const claims = (): string[] => world.all(core.persistentvolumeclaims).map(({ metadata }) => metadata.name ?? '');

describe('a claim that is deleted', () => {
  it('stays until the last pod that uses it has gone', async () => {
    world.create(core.persistentvolumeclaims, claim());
    world.create(core.pods, pod({ nodeName: 'n1' }));
    await world.run(pvcProtectionController);
    expect(world.get(core.persistentvolumeclaims, 'data').metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await world.settle();
    expect(claims()).toEqual(['data']);
    world.change(core.pods, 'p', (object) => (object.status = { phase: 'Succeeded' }), 'status');
    await world.settle();
    expect(claims()).toEqual(['data']);
    world.api.delete(core.pods, 'default', 'p', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(claims()).toEqual([]);
  });

  it('is looked at again when a pod that used it was replaced by another of its name unseen', async () => {
    world.create(core.persistentvolumeclaims, claim());
    world.create(core.pods, pod({ nodeName: 'n1' }));
    await world.run(pvcProtectionController);
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await world.settle();
    world.transport.paused = true;
    world.api.delete(core.pods, 'default', 'p', { gracePeriodSeconds: 0 });
    world.create(core.pods, pod({ nodeName: 'n1', volumes: [] }));
    world.transport.cut();
    world.transport.paused = false;
    await world.clock.advance(10_000);
    await world.settle();
    expect(claims()).toEqual([]);
  });

  it('does not wait for pods without a node', async () => {
    world.create(core.persistentvolumeclaims, claim());
    world.create(core.pods, pod());
    await world.run(pvcProtectionController);
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await world.settle();
    expect(claims()).toEqual([]);
  });

  it('is let go by a pod that has shut down if it was made for that pod, and not if it is lent to it', async () => {
    world.create(core.pods, pod({ nodeName: 'n1', volumes: [ephemeral, { name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }));
    world.create(core.persistentvolumeclaims, claim());
    await world.run(pvcProtectionController, ephemeralVolumeController);
    await world.settle();
    world.change(core.pods, 'p', ({ metadata }) => (metadata.finalizers = ['example.com/held']));
    world.api.delete(core.pods, 'default', 'p', { gracePeriodSeconds: 0 });
    for (const name of ['data', 'p-scratch']) world.api.delete(core.persistentvolumeclaims, 'default', name);
    await world.settle();
    expect(claims()).toEqual(['data']);
  });
});

describe('a volume that is deleted', () => {
  it('stays as long as it is bound', async () => {
    world.create(core.persistentvolumes, { metadata: { name: 'a' }, spec: {}, status: { phase: 'Bound' } });
    await world.run(pvProtectionController);
    world.api.delete(core.persistentvolumes, '', 'a');
    await world.settle();
    expect(world.get(core.persistentvolumes, 'a').metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
    world.change(core.persistentvolumes, 'a', (object) => (object.status = { phase: 'Released' }), 'status');
    await world.settle();
    expect(world.all(core.persistentvolumes)).toEqual([]);
  });
});

describe('a class of attributes that is deleted', () => {
  const attributes = { metadata: { name: 'fast' }, driverName: 'csi.example.com', parameters: {} };

  it.each<{ reason: string; use: () => void; letGo: () => void }>([
    {
      reason: 'a claim that asks for it', use: () => void world.create(core.persistentvolumeclaims, claim({ spec: { volumeAttributesClassName: 'fast' } })),
      letGo: () => world.change(core.persistentvolumeclaims, 'data', (object) => (object.spec = { volumeAttributesClassName: 'slow' })),
    },
    {
      reason: 'a claim that has it', use: () => void world.create(core.persistentvolumeclaims, { ...claim(), status: { currentVolumeAttributesClassName: 'fast' } }),
      letGo: () => world.change(core.persistentvolumeclaims, 'data', (object) => (object.status = { currentVolumeAttributesClassName: 'slow' }), 'status'),
    },
    {
      reason: 'a claim on its way to it', use: () => void world.create(core.persistentvolumeclaims, { ...claim(), status: { modifyVolumeStatus: { status: 'InProgress', targetVolumeAttributesClassName: 'fast' } } }),
      letGo: () => void world.api.delete(core.persistentvolumeclaims, 'default', 'data'),
    },
    { reason: 'a volume', use: () => void world.create(core.persistentvolumes, { metadata: { name: 'a' }, spec: { volumeAttributesClassName: 'fast' } }), letGo: () => void world.api.delete(core.persistentvolumes, '', 'a') },
  ])('stays as long as there is $reason', async ({ use, letGo }) => {
    world.create(storage.volumeattributesclasses, attributes);
    use();
    await world.run(vacProtectionController);
    world.api.delete(storage.volumeattributesclasses, '', 'fast');
    await world.settle();
    expect(world.get(storage.volumeattributesclasses, 'fast').metadata.finalizers).toEqual(['kubernetes.io/vac-protection']);
    letGo();
    await world.settle();
    expect(world.all(storage.volumeattributesclasses)).toEqual([]);
  });
});

describe('a pod with a volume of its own', () => {
  it('gets a claim for it, again when that is deleted', async () => {
    await world.run(ephemeralVolumeController);
    world.create(core.pods, pod({ volumes: [ephemeral] }));
    await world.settle();
    const uid = world.get(core.pods, 'p').metadata.uid;
    expect(world.get(core.persistentvolumeclaims, 'p-scratch')).toMatchObject({
      metadata: { labels: { a: 'b' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid, controller: true, blockOwnerDeletion: true }] },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    world.api.delete(core.persistentvolumeclaims, 'default', 'p-scratch');
    await world.settle();
    expect(claims()).toEqual(['p-scratch']);
  });

  it('gets none for volumes behind one whose claim cannot be made', async () => {
    world.create(core.persistentvolumeclaims, claim({ metadata: { name: 'p-scratch', namespace: 'default' } }));
    await world.run(ephemeralVolumeController);
    world.create(core.pods, pod({ volumes: [{ ...ephemeral, name: 'first' }, ephemeral, { ...ephemeral, name: 'last' }] }));
    await world.settle();
    expect(claims().sort()).toEqual(['p-first', 'p-scratch']);
  });

  it("does not take another's claim", async () => {
    world.create(core.persistentvolumeclaims, claim({ metadata: { name: 'p-scratch', namespace: 'default' } }));
    await world.run(ephemeralVolumeController);
    world.create(core.pods, pod({ volumes: [ephemeral] }));
    await world.settle();
    expect(world.eventsOf('p')[0]).toBe('FailedBinding: ephemeral volume scratch: PVC default/p-scratch was not created for pod default/p (pod is not owner)');
  });
});

describe('a claim that asks for more', () => {
  const grown = (source: Partial<corev1.PersistentVolumeSpec>, asked = '1Gi', claimUid?: string): void => {
    const { metadata } = world.create(core.persistentvolumeclaims, claim({ spec: { volumeName: 'a', resources: { requests: { storage: asked } } }, status: { phase: 'Bound', capacity: { storage: '1Gi' } } }));
    world.create(core.persistentvolumes, { metadata: { name: 'a' }, spec: { ...source, capacity: { storage: '1Gi' }, claimRef: { namespace: 'default', name: 'data', uid: claimUid ?? metadata.uid ?? '' } } });
  };

  it.each<{ reason: string; source: Partial<corev1.PersistentVolumeSpec>; claimUid?: string; told: string[]; resizer?: string }>([
    { reason: 'of a kind that never grew is told the same', source: { nfs: { server: 's', path: '/' } }, told: ['ExternalExpanding: waiting for an external controller to expand this PVC'] },
    {
      reason: 'of a kind that was once built in is handed to its driver', source: { awsElasticBlockStore: { volumeID: 'v' } }, resizer: 'ebs.csi.aws.com',
      told: ['ExternalExpanding: CSI migration enabled for kubernetes.io/aws-ebs; waiting for external resizer to expand the pvc'],
    },
    { reason: "of another's volume is told nothing", source: { nfs: { server: 's', path: '/' } }, claimUid: 'other', told: [] },
  ])('$reason', async ({ source, claimUid, told, resizer }) => {
    grown(source, '2Gi', claimUid);
    await world.run(expandController);
    await world.settle();
    expect(world.eventsOf('data')).toEqual(told);
    expect(world.get(core.persistentvolumeclaims, 'data').metadata.annotations?.['volume.kubernetes.io/storage-resizer']).toBe(resizer);
  });

  it('is told once that its provisioner has to act', async () => {
    grown({ csi: { driver: 'd', volumeHandle: 'h' } });
    await world.run(expandController);
    expect(world.eventsOf('data')).toEqual([]);
    world.change(core.persistentvolumeclaims, 'data', (object) => (object.spec = { volumeName: 'a', resources: { requests: { storage: '2Gi' } } }));
    await world.settle();
    world.change(core.persistentvolumeclaims, 'data', (object) => (object.metadata.labels = { a: 'b' }));
    await world.settle();
    expect(world.eventsOf('data')).toEqual(['ExternalExpanding: waiting for an external controller to expand this PVC']);
  });
});
