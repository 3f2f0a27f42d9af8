import { core, storage, volumeAnnotations, type corev1 } from '@navarch/api';
import fc from 'fast-check';
import { attachDetachController } from '../controllers/attach-detach/controller';
import { uniqueVolumeName } from '../controllers/attach-detach/sync';
import { ephemeralVolumeController } from '../controllers/ephemeral-volume/controller';
import { persistentVolumeBinder } from '../controllers/persistentvolume-binder/controller';
import { pvProtectionController } from '../controllers/pv-protection/controller';
import { pvcProtectionController } from '../controllers/pvc-protection/controller';
import type { ControllerWorld } from '../testing/controller-world';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 12 };
const NODES = ['n1', 'n2', 'n3'];
const disk: corev1.PersistentVolume = { metadata: { name: 'disk' }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { driver: 'disk.example.com', volumeHandle: 'handle' } } };
const using = (name: string, nodeName: string): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { nodeName, containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } });
const goingAway = (world: ControllerWorld, name: string): void => void world.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 0 });

/** What the driver's attacher and kubelets do: they attach, mount what is attached and needed, and unmount what is not needed. */
function useDisks(world: ControllerWorld): void {
  for (const { metadata: { name = '' }, status } of world.all(storage.volumeattachments)) if (status?.attached !== true) world.change(storage.volumeattachments, name, (attachment) => (attachment.status = { attached: true }), 'status');
  for (const name of NODES) {
    world.change(core.nodes, name, (node) => {
      const isNeeded = world.all(core.pods).some(({ spec }) => spec?.nodeName === name);
      const isMounted = (node.status?.volumesInUse ?? []).length > 0;
      const isAttached = (node.status?.volumesAttached ?? []).length > 0;
      node.status = { ...node.status, volumesInUse: isNeeded && (isMounted || isAttached) ? [uniqueVolumeName(disk)] : [] };
    }, 'status');
  }
}

describe('whatever befalls the leader, of volumes', () => {
  it('a disk is on one node at a time, stays while that has it mounted, and follows its pod', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([attachDetachController]);
      const { world } = leaders;
      for (const name of NODES) world.create(core.nodes, { metadata: { name, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
      const { metadata } = world.create(core.persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'disk' }, status: { phase: 'Bound' } });
      world.create(core.persistentvolumes, { ...disk, spec: { ...disk.spec, claimRef: { namespace: 'default', name: 'data', uid: metadata.uid ?? '' } } });
      const wrong: string[] = [];
      world.api.onEvent(({ resource }) => {
        if (resource !== 'storage.k8s.io/volumeattachments') return;
        const on = world.all(storage.volumeattachments).map(({ spec }) => spec.nodeName);
        if (on.length > 1) wrong.push(`on ${on.join()}`);
        for (const name of NODES) if ((world.get(core.nodes, name).status?.volumesInUse ?? []).length > 0 && !on.includes(name)) wrong.push(`taken from ${name}, which uses it`);
      });
      world.create(core.pods, using('p', 'n1'));
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        useDisks(world);
        if (turn % 3 === 2) {
          goingAway(world, 'p');
          world.create(core.pods, using('p', NODES[(turn + 1) % 3] ?? ''));
        }
      }
      goingAway(world, 'p');
      world.create(core.pods, using('p', 'n3'));
      for (let turn = 0; turn < 4; turn++) {
        useDisks(world);
        await leaders.recover();
      }
      expect(wrong).toEqual([]);
      expect(leaders.world.all(storage.volumeattachments).map(({ spec }) => spec.nodeName)).toEqual(['n3']);
      expect(NODES.map((name) => leaders.world.get(core.nodes, name).status?.volumesAttached?.length ?? 0)).toEqual([0, 0, 1]);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('no two claims have one volume, and none is left without as long as there are enough', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([persistentVolumeBinder]);
      const { world } = leaders;
      const claim = (name: string): void =>
        void world.create(core.persistentvolumeclaims, {
          metadata: { name, namespace: 'default' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
        });
      for (const name of ['v1', 'v2', 'v3']) world.create(core.persistentvolumes, { ...disk, metadata: { name }, spec: { ...disk.spec, persistentVolumeReclaimPolicy: 'Retain' }, status: { phase: 'Available' } });
      const wrong: string[] = [];
      world.api.onEvent(({ resource }) => {
        if (resource !== '/persistentvolumeclaims') return;
        const bound = world.all(core.persistentvolumeclaims).filter(({ metadata }) => metadata.annotations?.[volumeAnnotations.bindCompleted] !== undefined);
        const names = bound.map(({ spec }) => spec?.volumeName);
        if (new Set(names).size < names.length) wrong.push(names.join());
        for (const { metadata, spec } of bound) if (world.get(core.persistentvolumes, spec?.volumeName ?? '').spec?.claimRef?.uid !== metadata.uid) wrong.push(`${metadata.name ?? ''} has what is not its own`);
      });
      claim('a');
      claim('b');
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        // Made anew under its name, a claim is another one: what it had is kept for its data.
        if (turn === 1) world.api.delete(core.persistentvolumeclaims, 'default', 'a');
        if (turn === 2) claim('a');
      }
      await leaders.recover();
      expect(wrong).toEqual([]);
      const claims = leaders.world.all(core.persistentvolumeclaims);
      expect(claims.map(({ metadata, status }) => `${metadata.name ?? ''} ${status?.phase ?? ''}`)).toEqual(['a Bound', 'b Bound']);
      for (const { status, spec } of leaders.world.all(core.persistentvolumes)) {
        const owner = claims.find(({ metadata }) => metadata.uid === spec?.claimRef?.uid);
        expect(status?.phase).toBe(spec?.claimRef === undefined ? 'Available' : owner === undefined ? 'Released' : 'Bound');
      }
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('no claim goes that a pod uses, nor a volume that a claim has; then both do', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([pvcProtectionController, pvProtectionController]);
      const { world } = leaders;
      world.create(core.persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default', finalizers: ['kubernetes.io/pvc-protection'] }, spec: { volumeName: 'disk' }, status: { phase: 'Bound' } });
      world.create(core.persistentvolumes, { ...disk, metadata: { name: 'disk', finalizers: ['kubernetes.io/pv-protection'] }, status: { phase: 'Bound' } });
      world.create(core.pods, using('p', 'n1'));
      world.create(core.pods, using('q', 'n1'));
      await leaders.start();
      const [claimed, held] = [(): number => world.all(core.persistentvolumeclaims).length, (): number => world.all(core.persistentvolumes).length];
      for (const [turn, fault] of befalls.entries()) {
        if (turn === 1) world.api.delete(core.persistentvolumeclaims, 'default', 'data');
        if (turn === 1) world.api.delete(core.persistentvolumes, '', 'disk');
        if (turn === 2) goingAway(world, 'p');
        await leaders.befall(fault);
        expect([claimed(), held()]).toEqual([1, 1]);
      }
      goingAway(world, 'q');
      await leaders.recover();
      expect([claimed(), held()]).toEqual([0, 1]);
      leaders.world.change(core.persistentvolumes, 'disk', (volume) => (volume.status = { phase: 'Released' }), 'status');
      await leaders.recover();
      expect(held()).toBe(0);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('a pod gets the claim that it brings once, and one of its own when it is made anew', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([ephemeralVolumeController]);
      const { world } = leaders;
      const make = (): string | undefined =>
        world.create(core.pods, {
          metadata: { name: 'p', namespace: 'default' },
          spec: { containers: [], volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } }] },
        }).metadata.uid;
      let uid = make();
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        if (turn !== 2) continue;
        goingAway(world, 'p');
        uid = make();
      }
      for (let turn = 0; turn < 2; turn++) {
        await leaders.recover();
        // The garbage collector takes what was of the pod before.
        for (const { metadata: { name = '', ownerReferences } } of world.all(core.persistentvolumeclaims)) if (ownerReferences?.[0]?.uid !== uid) world.api.delete(core.persistentvolumeclaims, 'default', name);
      }
      await leaders.recover();
      expect(leaders.world.all(core.persistentvolumeclaims).map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.uid])).toEqual([['p-scratch', uid]]);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);
});
