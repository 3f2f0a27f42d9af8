import { core, storage, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { selinuxWarningController } from './controller';
import { labelsConflict, volumeLabel, type VolumeLabel } from './pod-labels';
import { VolumeUsers } from './volume-users';

const container = (name: string, seLinuxOptions?: corev1.SELinuxOptions): corev1.Container => ({ name, volumeMounts: [{ name: 'v', mountPath: '/data' }], ...(seLinuxOptions === undefined ? {} : { securityContext: { seLinuxOptions } }) });
const pod = (name: string, level?: string, spec: Partial<corev1.PodSpec> = {}): corev1.Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [container('c')], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }], ...(level === undefined ? {} : { securityContext: { seLinuxOptions: { level } } }), ...spec },
});

describe('the label that a pod wants for a volume', () => {
  const none: VolumeLabel = { label: '', changePolicy: 'Recursive' };
  it.each<{ reason: string; of: corev1.Pod; mounts?: boolean; expected: VolumeLabel | undefined }>([
    { reason: 'is that of the pod', of: pod('p', 's0:c1,c2'), expected: { label: ':::s0:c1,c2', changePolicy: 'MountOption' } },
    { reason: "is that of the container before the pod's", of: pod('p', 's0:c1', { containers: [container('c', { type: 't', level: 's0:c9' })] }), expected: { label: '::t:s0:c9', changePolicy: 'MountOption' } },
    { reason: 'is none when none is asked for', of: pod('p'), expected: none },
    { reason: 'is none when nothing of one is asked for', of: pod('p', undefined, { securityContext: { seLinuxOptions: {} } }), expected: none },
    { reason: 'is not set by mounts that cannot', of: pod('p', 's0:c1'), mounts: false, expected: none },
    { reason: 'is not set by the mount when the pod wants it file by file', of: pod('p', undefined, { securityContext: { seLinuxOptions: { level: 's0:c1' }, seLinuxChangePolicy: 'Recursive' } }), expected: none },
    { reason: 'is not one when containers disagree', of: pod('p', undefined, { containers: [container('c', { level: 'a' }), container('d', { level: 'b' })] }), expected: undefined },
    { reason: 'is one when only one container mounts it', of: pod('p', undefined, { containers: [container('c', { level: 'a' }), { ...container('d', { level: 'b' }), volumeMounts: [] }] }), expected: { label: ':::a', changePolicy: 'MountOption' } },
  ])('$reason', ({ of, mounts = true, expected }) => expect(volumeLabel(of, 'v', mounts)).toEqual(expected));

  it.each([
    [':::s0:c1', ':::s0:c2', true], [':::s0:c1', ':::s0:c1', false], ['', ':::s0:c1', true], ['::t:', ':::s0:c1', true], ['', 'u:r:t', false], ['::t:s0:c1', ':::s0:c1', false], ['::t:s0:c1', '::u:s0:c1', true],
  ])('%p against %p: conflict %p', (a, b, expected) => expect(labelsConflict(a, b)).toBe(expected));
});

describe('the users of a volume', () => {
  const label = (text: string): VolumeLabel => ({ label: text, changePolicy: 'MountOption' });
  const told = { property: 'SELinuxLabel', pod: 'd/b', value: '::t:', otherPod: 'd/a', otherValue: '::u:' };
  const back = { property: 'SELinuxLabel', pod: 'd/a', value: '::u:', otherPod: 'd/b', otherValue: '::t:' };

  it('are told of a conflict once, both of them', () => {
    const users = new VolumeUsers();
    expect(users.use('v', 'x', 'd/a', label('::u:'))).toEqual([]);
    expect(users.use('v', 'x', 'd/b', label('::t:'))).toEqual([told, back]);
    expect(users.use('v', 'x', 'd/b', label('::t:'))).toEqual([]);
    expect(users.use('w', 'x', 'd/b', label('::z:'))).toEqual([]);
    expect(users.conflicts()).toEqual([back, told]);
    expect(users.podsOfDriver('x')).toEqual(['d/a', 'd/b']);
    users.remove('d/a');
    expect(users.conflicts()).toEqual([]);
  });

  it('conflict in how they label as well', () => {
    const users = new VolumeUsers();
    users.use('v', 'x', 'd/a', { label: '', changePolicy: 'Recursive' });
    expect(users.use('v', 'x', 'd/b', label('::t:')).map(({ property, value }) => `${property} ${value}`)).toEqual(['SELinuxChangePolicy MountOption', 'SELinuxChangePolicy Recursive']);
  });
});

describe('pods that want one volume labelled in different ways', () => {
  it('are told so, from when its driver labels by mounts, and not once one has ended', async () => {
    const world = new ControllerWorld();
    world.create(core.persistentvolumes, { metadata: { name: 'a' }, spec: { csi: { driver: 'csi.example.com', volumeHandle: 'h' }, claimRef: { namespace: 'default', name: 'data', uid: 'c' } } });
    world.create(core.persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'a' } });
    world.create(core.pods, pod('one', 's0:c1'));
    world.create(core.pods, pod('two', 's0:c2'));
    await world.run(selinuxWarningController);
    expect(world.all(core.events)).toEqual([]);
    world.create(storage.csidrivers, { metadata: { name: 'csi.example.com' }, spec: { seLinuxMount: true } });
    await world.settle();
    const message = 'SELinuxLabelConflict: SELinuxLabel ":::s0:c2" conflicts with pod one that uses the same volume as this pod with SELinuxLabel ":::s0:c1". If both pods land on the same node, only one of them may access the volume.';
    expect(world.eventsOf('two')).toContain(message);
    expect(world.eventsOf('one').some((text) => text.startsWith('SELinuxLabelConflict: SELinuxLabel ":::s0:c1" conflicts with pod two'))).toBe(true);
    expect(await world.metric('selinux_warning_controller_selinux_volume_conflict')).toEqual({ 'SELinuxLabel/default/one/:::s0:c1/default/two/:::s0:c2': 1, 'SELinuxLabel/default/two/:::s0:c2/default/one/:::s0:c1': 1 });
    world.change(core.pods, 'one', (object) => (object.status = { phase: 'Succeeded' }), 'status');
    await world.settle();
    expect(await world.metric('selinux_warning_controller_selinux_volume_conflict')).toEqual({});
    await world.stop();
  });

  it('are told when their own containers disagree', async () => {
    const world = new ControllerWorld();
    world.create(core.persistentvolumes, { metadata: { name: 'a' }, spec: { iscsi: { targetPortal: 'p', iqn: 'q', lun: 0 }, claimRef: { namespace: 'default', name: 'data', uid: 'c' } } });
    world.create(core.persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'a' } });
    world.create(core.pods, pod('one', undefined, { containers: [container('c', { level: 'a' }), container('d', { level: 'b' })] }));
    await world.run(selinuxWarningController);
    expect(world.eventsOf('one')).toEqual(['MultipleSELinuxLabels: Volume "v" is mounted twice with different SELinux labels inside this pod']);
    await world.stop();
  });
});
