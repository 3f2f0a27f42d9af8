import type { corev1, storagev1 } from '@navarch/api';
import { cluster, node, only, placed, pod } from '../testing/test-cluster';
import { nodeVolumeLimits } from './node-volume-limits';
import { volumeRestrictions } from './volume-restrictions';
import { volumeZone } from './volume-zone';

const claim = (name: string, spec: Partial<corev1.PersistentVolumeClaimSpec> = {}): corev1.PersistentVolumeClaim => ({ metadata: { name, namespace: 'default' }, spec: { volumeName: `pv-${name}`, ...spec } });
const using = (name: string, nodeName?: string): corev1.Pod => pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }], ...(nodeName === undefined ? {} : { nodeName }) });
const csiVolume = (name: string, volumeHandle = name): corev1.PersistentVolume => ({ metadata: { name: `pv-${name}` }, spec: { csi: { driver: 'd', volumeHandle } } });

describe('VolumeRestrictions', () => {
  const onePod = { claims: [claim('c', { accessModes: ['ReadWriteOncePod'] })] };

  it('gives a ReadWriteOncePod claim to one pod', () => {
    const reason = '0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.';
    expect(placed(using('c'), cluster([node('a'), node('b'), using('c', 'a')], onePod), only(volumeRestrictions))).toBe(reason);
    expect(placed(using('c'), cluster([node('a'), using('other', 'a')], onePod), only(volumeRestrictions))).toBe('a');
  });

  it('mounts a disk that can be mounted once on a node once', () => {
    const disk = (readOnly: boolean): Partial<corev1.PodSpec> => ({ volumes: [{ name: 'v', gcePersistentDisk: { pdName: 'x', readOnly } }] });
    const state = cluster([node('a'), pod({ ...disk(true), nodeName: 'a' })]);
    expect(placed(pod(disk(false)), state, only(volumeRestrictions))).toBe('0/1 nodes are available: 1 node(s) had no available disk.');
    expect(placed(pod(disk(true)), state, only(volumeRestrictions))).toBe('a');
  });
});

describe('NodeVolumeLimits', () => {
  const csiNodes = [{ metadata: { name: 'a' }, spec: { drivers: [{ name: 'd', nodeID: 'a', allocatable: { count: 1 } }] } }];
  const given = { csiNodes, claims: [claim('x'), claim('y')], volumes: [csiVolume('x'), csiVolume('y')] };

  it('attaches no more volumes than the driver can, each of which counts once', () => {
    expect(placed(using('y'), cluster([node('a'), using('x', 'a')], given), only(nodeVolumeLimits))).toBe('0/1 nodes are available: 1 node(s) exceed max volume count.');
    expect(placed(using('x'), cluster([node('a'), using('x', 'a')], given), only(nodeVolumeLimits))).toBe('a');
    expect(placed(using('y'), cluster([node('a'), node('b'), using('x', 'a')], given), only(nodeVolumeLimits))).toBe('b');
  });
});

describe('NodeVolumeLimits and what is attached', () => {
  const csiNodes = [{ metadata: { name: 'a' }, spec: { drivers: [{ name: 'd', nodeID: 'a', allocatable: { count: 1 } }] } }];
  const attachment = (volume: string): storagev1.VolumeAttachment => ({ metadata: { name: volume }, spec: { attacher: 'd', nodeName: 'a', source: { persistentVolumeName: volume } } });
  const given = { csiNodes, claims: [claim('x'), claim('y')], volumes: [csiVolume('x'), csiVolume('y')] };

  it('counts what is still attached, though no pod uses it any more', () => {
    const volumeAttachments = [attachment('pv-x')];
    expect(placed(using('y'), cluster([node('a')], { ...given, volumeAttachments }), only(nodeVolumeLimits))).toBe('0/1 nodes are available: 1 node(s) exceed max volume count.');
    // One that is attached already, and one that a pod of the node uses besides, count once.
    expect(placed(using('x'), cluster([node('a')], { ...given, volumeAttachments }), only(nodeVolumeLimits))).toBe('a');
    expect(placed(using('x'), cluster([node('a'), using('x', 'a')], { ...given, volumeAttachments }), only(nodeVolumeLimits))).toBe('a');
    expect(placed(using('y'), cluster([node('a')], { ...given, volumeAttachments: [attachment('unknown')] }), only(nodeVolumeLimits))).toBe('a');
  });

  it('goes only where the driver is, if the driver says so', () => {
    const driver = (preventPodSchedulingIfMissing: boolean): storagev1.CSIDriver => ({ metadata: { name: 'd' }, spec: { preventPodSchedulingIfMissing } });
    expect(placed(using('x'), cluster([node('b')], { ...given, csiDrivers: [driver(true)] }), only(nodeVolumeLimits))).toBe('0/1 nodes are available: 1 d CSI driver is not installed on the node.');
    expect(placed(using('x'), cluster([node('b'), node('a')], { ...given, csiDrivers: [driver(true)] }), only(nodeVolumeLimits))).toBe('a');
    expect(placed(using('x'), cluster([node('b')], { ...given, csiDrivers: [driver(false)] }), only(nodeVolumeLimits))).toBe('b');
  });
});

describe('VolumeZone', () => {
  const labelled = (value: string): corev1.PersistentVolume => ({ metadata: { name: 'pv-x', labels: { 'topology.kubernetes.io/zone': value } } });
  const zoned = (name: string, zone: string): corev1.Node => node(name, { labels: { 'topology.kubernetes.io/zone': zone } });

  it.each([
    ['goes to the zone of its volume', '2', 'b'],
    ['or to one of several', '2__3', 'b'],
    ['and nowhere else', '4', '0/2 nodes are available: 2 node(s) had no available volume zone.'],
  ])('%s', (_name, zones, expected) => {
    expect(placed(using('x'), cluster([zoned('a', '1'), zoned('b', '2')], { claims: [claim('x')], volumes: [labelled(zones)] }), only(volumeZone))).toBe(expected);
  });

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['by old names on both', { 'failure-domain.beta.kubernetes.io/zone': '1' }, { 'failure-domain.beta.kubernetes.io/zone': '2' }, '0/1 nodes are available: 1 node(s) had no available volume zone.'],
    ['by an old name of the volume and a new one of the node', { 'failure-domain.beta.kubernetes.io/zone': '1' }, { 'topology.kubernetes.io/zone': '1' }, 'a'],
    ['but not by a list that has a gap', { 'topology.kubernetes.io/zone': '1__' }, { 'topology.kubernetes.io/zone': '2' }, 'a'],
  ])('finds zones %s', (_name, ofVolume, ofNode, expected) => {
    const volume: corev1.PersistentVolume = { metadata: { name: 'pv-x', labels: ofVolume } };
    expect(placed(using('x'), cluster([node('a', { labels: ofNode })], { claims: [claim('x')], volumes: [volume] }), only(volumeZone))).toBe(expected);
  });

  it.each<[string, Partial<corev1.PersistentVolumeClaimSpec>, string]>([
    ['no class', {}, 'PersistentVolumeClaim had no pv name and storageClass name'],
    ['a class that is not there', { storageClassName: 'none' }, 'storageclass.storage.k8s.io "none" not found'],
    ['a class that does not wait for pods', { storageClassName: 'now' }, 'PersistentVolume had no name'],
  ])('waits for the volume of a claim with %s', (_name, spec, reason) => {
    const storageClasses = [{ metadata: { name: 'now' }, provisioner: 'example.com/disk', volumeBindingMode: 'Immediate' }];
    expect(placed(using('x'), cluster([node('a')], { claims: [claim('x', { ...spec, volumeName: '' })], storageClasses }), only(volumeZone))).toBe(`0/1 nodes are available: ${reason}.`);
  });

  it('does not mind in a cluster without zones', () => {
    expect(placed(using('x'), cluster([node('a')], { claims: [claim('x')], volumes: [labelled('1')] }), only(volumeZone))).toBe('a');
  });
});
