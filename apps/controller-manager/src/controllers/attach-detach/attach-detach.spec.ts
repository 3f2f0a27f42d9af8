import { core, storage, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { attachDetachController } from './controller';
import { attachmentName, uniqueVolumeName } from './sync';

const disk: corev1.PersistentVolume = { metadata: { name: 'disk' }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { driver: 'disk.example.com', volumeHandle: 'handle' } } };
const claim: corev1.PersistentVolumeClaim = { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'disk' }, status: { phase: 'Bound' } };
const pod = (name: string, nodeName: string): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { nodeName, containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } });

describe('volumes of CSI drivers', () => {
  let world: ControllerWorld;
  beforeEach(() => {
    world = new ControllerWorld();
    for (const name of ['n1', 'n2']) world.create(core.nodes, { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    world.create(core.persistentvolumes, disk);
    world.create(core.persistentvolumeclaims, claim);
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
    mount();
    await world.settle();
    expect(attachments()).toEqual(['disk.example.com disk@n2']);
    expect(world.get(core.nodes, 'n1').status?.volumesAttached).toEqual([]);
  });

  it('name the pods that have them, of the same namespace', async () => {
    world.create(core.persistentvolumeclaims, { ...claim, metadata: { name: 'data', namespace: 'other' } });
    world.create(core.pods, pod('a', 'n1'));
    world.create(core.pods, { ...pod('hidden', 'n1'), metadata: { name: 'hidden', namespace: 'other' } });
    await world.run(attachDetachController);
    world.create(core.pods, pod('b', 'n2'));
    await world.settle();
    expect(world.eventsOf('b')).toEqual(['FailedAttachVolume: Multi-Attach error for volume "disk" Volume is already used by pod(s) a and 1 pod(s) in different namespaces']);
  });

  it.each([
    { reason: 'has been silent for six minutes', change: (node: corev1.Node) => (node.status = { ...node.status, conditions: [{ type: 'Ready', status: 'Unknown' }] }), subresource: 'status', waitMs: 420_000 },
    { reason: 'is out of service', change: (node: corev1.Node) => (node.spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }), subresource: '', waitMs: 0 },
  ])('are taken from a node that $reason', async ({ change, subresource, waitMs }) => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    attach('n1');
    mount(uniqueVolumeName(disk));
    world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(attachments()).toHaveLength(1);
    world.change(core.nodes, 'n1', change, subresource);
    await world.clock.advance(waitMs);
    await world.settle();
    expect(attachments()).toEqual([]);
  });

  it('that need no attaching are left alone', async () => {
    world.create(storage.csidrivers, { metadata: { name: 'disk.example.com' }, spec: { attachRequired: false } });
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    expect(attachments()).toEqual([]);
  });

  it('that somebody else has attached stay his, whether their volumes are known or not', async () => {
    const other = (name: string, persistentVolumeName: string): void => void world.create(storage.volumeattachments, { metadata: { name }, spec: { attacher: 'other.example.com', nodeName: 'n1', source: { persistentVolumeName } } });
    other('by-hand', 'unknown');
    other('by-hand-too', 'disk');
    other(attachmentName({ metadata: {}, spec: { csi: { driver: 'disk.example.com', volumeHandle: 'gone' } } }, 'n1'), 'gone');
    await world.run(attachDetachController);
    expect(attachments()).toEqual(['other.example.com unknown@n1', 'other.example.com disk@n1']);
  });

  it('say why when they cannot be attached', async () => {
    world.create(core.pods, pod('a', 'n1'));
    await world.run(attachDetachController);
    world.change(storage.volumeattachments, attachmentName(disk, 'n1'), (object) => (object.status = { attached: false, attachError: { message: 'no such disk' } }), 'status');
    await world.settle();
    expect(world.eventsOf('a')).toEqual(['FailedAttachVolume: AttachVolume.Attach failed for volume "disk" : no such disk']);
  });
});
