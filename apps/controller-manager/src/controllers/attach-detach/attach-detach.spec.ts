import { core, storage, type corev1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import type { ControllerConfig } from '../../config';
import { ControllerWorld } from '../../testing/controller-world';
import { attachDetachController } from './controller';
import { attachmentName, multiAttachError, uniqueVolumeName } from './sync';

const disk: corev1.PersistentVolume = { metadata: { name: 'disk' }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { driver: 'disk.example.com', volumeHandle: 'handle' } } };
const managed = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
const claim: corev1.PersistentVolumeClaim = { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'disk' }, status: { phase: 'Bound' } };
const pod = (name: string, nodeName: string): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { nodeName, containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } });

describe('volumes of CSI drivers', () => {
  let world: ControllerWorld;
  beforeEach(() => {
    world = new ControllerWorld();
    for (const name of ['n1', 'n2']) world.create(core.nodes, { metadata: { name, annotations: managed }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    const { metadata } = world.create(core.persistentvolumeclaims, claim);
    world.create(core.persistentvolumes, { ...disk, spec: { ...disk.spec, claimRef: { namespace: 'default', name: 'data', uid: metadata.uid ?? '' } } });
  });
  afterEach(() => world.stop());
  const attachments = (): string[] => world.all(storage.volumeattachments).map(({ spec }) => `${spec.attacher} ${spec.source.persistentVolumeName ?? ''}@${spec.nodeName}`);
  const attach = (node: string): void => world.change(storage.volumeattachments, attachmentName(disk, node), (object) => (object.status = { attached: true }), 'status');
  const mount = (...volumesInUse: string[]): void => world.change(core.nodes, 'n1', (node) => (node.status = { ...node.status, volumesInUse }), 'status');

  it('are attached where a pod needs them, and the node is told', async () => {
    await world.run(attachDetachController);
    world.create(core.pods, pod('a', 'n1'));
    await world.settle();
    expect(attachments()).toEqual(['disk.example.com disk@n1']);
    expect(world.get(core.nodes, 'n1').status?.volumesAttached).toBeUndefined();
    attach('n1');
    await world.settle();
    expect(world.get(core.nodes, 'n1').status?.volumesAttached).toEqual([{ name: 'kubernetes.io/csi/disk.example.com^handle', devicePath: '' }]);
    expect(world.eventsOf('a')).toEqual(['SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "disk" ']);
  });

  it('stay as long as the node has them mounted, and then go to the next', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    attach('n1');
    mount(uniqueVolumeName(disk));
    world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
    world.create(core.pods, pod('b', 'n2'));
    await world.settle();
    expect(attachments()).toEqual(['disk.example.com disk@n1']);
    expect(world.eventsOf('b')).toEqual(['FailedAttachVolume: Multi-Attach error for volume "disk" Volume is already exclusively attached to one node and can\'t be attached to another']);
    // Once is enough, however often it is tried.
    await world.clock.advance(180_000);
    await world.settle();
    expect(world.eventsOf('b')).toHaveLength(1);
    mount();
    await world.settle();
    expect(attachments()).toEqual(['disk.example.com disk@n2']);
    expect(world.get(core.nodes, 'n1').status?.volumesAttached).toEqual([]);
  });

  it.each<[string, boolean, string[]]>([
    ['the first', false, ['disk.example.com disk@n1']],
    ['the second, when the first does not get them', true, ['disk.example.com disk@n2']],
  ])('go to one of two nodes that ask for them at once: %s', async (_which, isRefused, expected) => {
    world.create(core.pods, pod('a', 'n1'));
    world.create(core.pods, pod('b', 'n2'));
    world.transport.beforeWrite = ({ operation }) => {
      if (isRefused && operation?.$case === 'create' && Buffer.from(operation.value.object).includes('"nodeName":"n1"')) throw forbidden({ group: 'storage.k8s.io', resource: 'volumeattachments' }, 'x', 'no');
    };
    await world.run(attachDetachController);
    await world.clock.advance(2_000);
    await world.settle();
    expect(attachments()).toEqual(expected);
  });

  it('name the pods that have them, of the same namespace', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    world.create(core.pods, pod('b', 'n2'));
    await world.settle();
    expect(world.eventsOf('b')).toEqual(['FailedAttachVolume: Multi-Attach error for volume "disk" Volume is already used by pod(s) a']);
    const of = (name: string, namespace: string): corev1.Pod => ({ metadata: { name, namespace }, spec: { containers: [] } });
    expect(multiAttachError('disk', of('b', 'x'), [of('a', 'x'), of('c', 'x'), of('hidden', 'y')])).toBe('Multi-Attach error for volume "disk" Volume is already used by pod(s) a, c and 1 pod(s) in different namespaces');
    expect(multiAttachError('disk', of('b', 'x'), [of('hidden', 'y')])).toBe('Multi-Attach error for volume "disk" Volume is already used by 1 pod(s) in different namespaces');
  });

  it('are taken at once from a node that is gone and had not mounted them, from any other when six minutes are over', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    attach('n1');
    mount(uniqueVolumeName(disk));
    await world.settle();
    world.api.delete(core.nodes, '', 'n1');
    world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(attachments()).toHaveLength(1);
    await world.clock.advance(420_000);
    await world.settle();
    expect(attachments()).toEqual([]);
    world.create(core.pods, pod('b', 'n2'));
    await world.settle();
    attach('n2');
    await world.settle();
    world.api.delete(core.nodes, '', 'n2');
    world.api.delete(core.pods, 'default', 'b', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(attachments()).toEqual([]);
  });

  it('are not attached to nodes that do it themselves, nor for a claim that is not theirs', async () => {
    world.change(core.nodes, 'n1', ({ metadata }) => (metadata.annotations = {}));
    world.create(core.persistentvolumeclaims, { ...claim, metadata: { name: 'thief', namespace: 'default' } });
    await world.run(attachDetachController);
    world.create(core.pods, pod('a', 'n1'));
    world.create(core.pods, { metadata: { name: 'b', namespace: 'default' }, spec: { nodeName: 'n2', containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'thief' } }] } });
    await world.settle();
    expect(attachments()).toEqual([]);
  });

  it('that no attacher answers for are told of every two minutes', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    await world.settle();
    expect(world.eventsOf('a')).toEqual([]);
    await world.clock.advance(120_000);
    await world.settle();
    expect(world.eventsOf('a')).toEqual(['FailedAttachVolume: AttachVolume.Attach failed for volume "disk" : timed out waiting for external-attacher of disk.example.com CSI driver to attach volume handle']);
    attach('n1');
    await world.settle();
    await world.clock.advance(300_000);
    await world.settle();
    expect(world.eventsOf('a').slice(1)).toEqual(['SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "disk" ']);
  });

  const silent = (node: corev1.Node): unknown => (node.status = { ...node.status, conditions: [{ type: 'Ready', status: 'Unknown' }] });
  const outOfService = (node: corev1.Node): unknown => (node.spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] });
  it.each([
    { outcome: 'are taken from a node that has been silent for six minutes', change: silent, subresource: 'status', disableForceDetachOnTimeout: false, left: 0 },
    { outcome: 'are taken from a node that is out of service', change: outOfService, subresource: '', disableForceDetachOnTimeout: false, left: 0 },
    { outcome: 'stay with a node that is silent, if so asked', change: silent, subresource: 'status', disableForceDetachOnTimeout: true, left: 1 },
    { outcome: 'are taken from a node that is out of service, if so asked too', change: outOfService, subresource: '', disableForceDetachOnTimeout: true, left: 0 },
  ])('$outcome', async ({ change, subresource, disableForceDetachOnTimeout, left }) => {
    Object.assign(world.context.config, { disableForceDetachOnTimeout, disableAttachDetachReconcileSync: true });
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    attach('n1');
    mount(uniqueVolumeName(disk));
    world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(attachments()).toHaveLength(1);
    world.change(core.nodes, 'n1', change, subresource);
    await world.clock.advance(change === silent ? 360_000 : 0);
    await world.settle();
    expect(attachments()).toHaveLength(left);
  });

  it.each<[string, corev1.PodStatus, boolean, Record<string, string>, number]>([
    ['a pod that has ended', { phase: 'Succeeded' }, false, {}, 0],
    ['a pod that has ended, where the node keeps its volumes', { phase: 'Failed' }, false, { 'volumes.kubernetes.io/keep-terminated-pod-volumes': 'true' }, 1],
    ['a pod on its way out of which something runs', { phase: 'Running', containerStatuses: [{ name: 'c', state: { running: {} } } as corev1.ContainerStatus] }, true, {}, 1],
    ['a pod on its way out of which nothing runs', { phase: 'Running', containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 0 } } } as corev1.ContainerStatus] }, true, {}, 0],
  ])('are needed, or not, by %s', async (_which, status, deleted, annotations, expected) => {
    world.change(core.nodes, 'n1', ({ metadata }) => (metadata.annotations = { ...managed, ...annotations }));
    world.create(core.pods, { ...pod('a', 'n1'), status: { phase: 'Running', containerStatuses: [{ name: 'c', state: { running: {} } } as corev1.ContainerStatus] } });
    await world.run(attachDetachController);
    expect(attachments()).toHaveLength(1);
    world.change(core.pods, 'a', (object) => (object.status = status), 'status');
    if (deleted) world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 30 });
    await world.settle();
    expect(attachments()).toHaveLength(expected);
  });

  it('are attached when their volume is known later than all else', async () => {
    const known = world.get(core.persistentvolumes, 'disk');
    world.change(core.persistentvolumes, 'disk', (volume) => delete volume.spec?.claimRef);
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    expect(attachments()).toEqual([]);
    world.change(core.persistentvolumes, 'disk', (volume) => (volume.spec = known.spec!));
    await world.settle();
    expect(attachments()).toEqual(['disk.example.com disk@n1']);
  });

  it('are counted for each pod that uses them', async () => {
    for (const name of ['a', 'b']) world.create(core.pods, pod(name, 'n1'));
    await world.run(attachDetachController);
    expect(await world.metric('storage_count_attachable_volumes_in_use')).toEqual({ 'n1/kubernetes.io/csi:disk.example.com': 2 });
    expect(await world.metric('attachdetach_controller_total_volumes')).toEqual({ 'kubernetes.io/csi:disk.example.com/desired_state_of_world': 1, 'kubernetes.io/csi:disk.example.com/actual_state_of_world': 1 });
  });

  it.each<[string, Partial<ControllerConfig>, number]>([
    ['every minute', {}, 10],
    ['as often as they are asked to be', { attachDetachReconcileSyncPeriod: 10_000 }, 60],
    ['not at all, if so asked', { disableAttachDetachReconcileSync: true }, 0],
  ])('are looked at again though nothing happens: %s', async (_often, config, expected) => {
    let looks = 0;
    Object.assign(world.context, { onOutcome: () => looks++, config: { ...world.context.config, ...config } });
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    attach('n1');
    // The attacher had its time.
    await world.clock.advance(120_000);
    await world.settle();
    looks = 0;
    for (let second = 0; second < 600; second += 10) {
      await world.clock.advance(10_000);
      await world.settle();
    }
    expect(looks).toBe(expected);
  });

  it('are not looked at more often than once a second', () => {
    Object.assign(world.context.config, { attachDetachReconcileSyncPeriod: 999 });
    expect(() => attachDetachController(world.context)).toThrow('duration time must be greater than one second');
  });

  it('that need no attaching are left alone', async () => {
    world.create(storage.csidrivers, { metadata: { name: 'disk.example.com' }, spec: { attachRequired: false } });
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    expect(attachments()).toEqual([]);
  });

  it('are not attached any more from when their driver says that they need not be, and are again when it says nothing', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    expect(attachments()).toEqual(['disk.example.com disk@n1']);
    world.create(storage.csidrivers, { metadata: { name: 'disk.example.com' }, spec: { attachRequired: false } });
    await world.settle();
    expect(attachments()).toEqual([]);
    world.api.delete(storage.csidrivers, '', 'disk.example.com', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(attachments()).toEqual(['disk.example.com disk@n1']);
  });

  it('that somebody else has attached stay his, whether their volumes are known or not', async () => {
    const other = (name: string, persistentVolumeName: string): void => void world.create(storage.volumeattachments, { metadata: { name }, spec: { attacher: 'other.example.com', nodeName: 'n1', source: { persistentVolumeName } } });
    other('by-hand', 'unknown');
    other('by-hand-too', 'disk');
    other(attachmentName({ metadata: {}, spec: { csi: { driver: 'disk.example.com', volumeHandle: 'gone' } } }, 'n1'), 'gone');
    await world.run(attachDetachController);
    expect(attachments()).toEqual(['other.example.com unknown@n1', 'other.example.com disk@n1']);
  });

  describe('that stand for the same one of a driver', () => {
    const next = { ...pod('b', 'n1'), spec: { nodeName: 'n1', containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'next' } }] } };
    beforeEach(async () => {
      world.create(core.pods, pod('a', 'n1'));
      const { metadata } = world.create(core.persistentvolumeclaims, { metadata: { name: 'next', namespace: 'default' }, spec: { volumeName: 'again' }, status: { phase: 'Bound' } });
      world.create(core.persistentvolumes, { metadata: { name: 'again' }, spec: { ...disk.spec, accessModes: ['ReadWriteMany'], claimRef: { namespace: 'default', name: 'next', uid: metadata.uid ?? '' } } });
      await world.run(attachDetachController);
    });

    it('share what is attached, as long as one of them is needed', async () => {
      attach('n1');
      world.create(core.pods, next);
      world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
      await world.settle();
      expect(attachments()).toEqual(['disk.example.com disk@n1']);
      world.api.delete(core.pods, 'default', 'b', { gracePeriodSeconds: 0 });
      await world.settle();
      expect(attachments()).toEqual([]);
    });

    it('are on one node only, where one may have them', async () => {
      world.change(core.persistentvolumes, 'again', (volume) => (volume.spec = { ...volume.spec, accessModes: ['ReadWriteOnce'] }));
      world.create(core.pods, { ...next, spec: { ...next.spec, nodeName: 'n2' } });
      await world.settle();
      expect(attachments()).toEqual(['disk.example.com disk@n1']);
      expect(world.eventsOf('b')).toEqual(['FailedAttachVolume: Multi-Attach error for volume "again" Volume is already exclusively attached to one node and can\'t be attached to another']);
    });

    it('do not wait for one that will not be attached', async () => {
      world.create(core.pods, next);
      world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
      mount(uniqueVolumeName(disk)); // the node waits for it
      await world.settle();
      expect(attachments()).toEqual(['disk.example.com disk@n1']);
      world.change(storage.volumeattachments, attachmentName(disk, 'n1'), (object) => (object.status = { attached: false, attachError: { message: 'PersistentVolume "disk" is marked for deletion' } }), 'status');
      await world.settle();
      expect(attachments()).toEqual(['disk.example.com again@n1']);
    });
  });

  it('say why when they cannot be attached', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    world.change(storage.volumeattachments, attachmentName(disk, 'n1'), (object) => (object.status = { attached: false, attachError: { message: 'no such disk' } }), 'status');
    await world.settle();
    expect(world.eventsOf('a')).toEqual(['FailedAttachVolume: AttachVolume.Attach failed for volume "disk" : no such disk']);
  });
});
