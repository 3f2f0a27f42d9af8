import type { corev1, KubeObject, storagev1 } from '@navarch/api';
import type { ClusterEvent, EventName, SchedulerPlugin } from '../framework';
import { podInfo } from '../state/pod-info';
import { cluster, pod } from '../testing/test-cluster';
import { nodeVolumeLimits } from './node-volume-limits';
import { volumeBinding } from './volume-binding';
import { volumeRestrictions } from './volume-restrictions';
import { volumeZone } from './volume-zone';

const user = podInfo(pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'mine' } }] }));
const claim = (name: string, namespace = 'default'): corev1.PersistentVolumeClaim => ({ metadata: { name, namespace }, spec: {} });
const storageClass = (volumeBindingMode: string, zones: readonly string[] = [], labels = {}): storagev1.StorageClass =>
  ({ metadata: { name: 'c', labels }, provisioner: 'd', volumeBindingMode, allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: [...zones] }] }] });
const volumeIn = (zone: string, more: Record<string, string> = {}): corev1.PersistentVolume => ({ metadata: { name: 'pv', labels: { 'topology.kubernetes.io/zone': zone, ...more } }, spec: {} });
const space = (capacity?: string, maximumVolumeSize?: string): storagev1.CSIStorageCapacity =>
  ({ metadata: { name: 's', namespace: 'default' }, storageClassName: 'c', ...(capacity === undefined ? {} : { capacity }), ...(maximumVolumeSize === undefined ? {} : { maximumVolumeSize }) });
const driver = (storageCapacity: boolean): storagev1.CSIDriver => ({ metadata: { name: 'd' }, spec: { storageCapacity } });
const limited = (...drivers: (readonly [name: string, count?: number])[]): storagev1.CSINode =>
  ({ metadata: { name: 'a' }, spec: { drivers: drivers.map(([name, count]) => ({ name, nodeID: 'a', ...(count === undefined ? {} : { allocatable: { count } }) })) } });
const event = (name: EventName, after: KubeObject, before?: KubeObject): ClusterEvent => ({ name, after, ...(before === undefined ? {} : { before }) });

describe('what helps a pod with volumes', () => {
  it.each<[string, SchedulerPlugin, ClusterEvent, boolean]>([
    ['its claim is made', volumeRestrictions, event('PersistentVolumeClaimAdd', claim('mine')), true],
    ['another claim is made', volumeRestrictions, event('PersistentVolumeClaimAdd', claim('other')), false],
    ['a claim of its name is made elsewhere', nodeVolumeLimits, event('PersistentVolumeClaimAdd', claim('mine', 'other')), false],
    ['a driver attaches more volumes', nodeVolumeLimits, event('CSINodeUpdate', limited(['d', 2]), limited(['d', 1])), true],
    ['a driver attaches any number of volumes', nodeVolumeLimits, event('CSINodeUpdate', limited(['d']), limited(['d', 1])), true],
    ['a driver attaches fewer', nodeVolumeLimits, event('CSINodeUpdate', limited(['d', 1]), limited(['d', 2])), false],
    ['a driver comes to the node', nodeVolumeLimits, event('CSINodeUpdate', limited(['d', 1], ['e', 0]), limited(['d', 1])), true],
    ['a driver leaves the node', nodeVolumeLimits, event('CSINodeUpdate', limited(['d', 1]), limited(['d', 1], ['e'])), false],
    ['its claim changes', volumeBinding(), event('PersistentVolumeClaimUpdate', claim('mine'), claim('mine')), true],
    ['a class is made', volumeBinding(), event('StorageClassAdd', storageClass('Immediate')), true],
    ['a class allows other places', volumeBinding(), event('StorageClassUpdate', storageClass('Immediate', ['b']), storageClass('Immediate', ['a'])), true],
    ['a class has another label', volumeBinding(), event('StorageClassUpdate', storageClass('Immediate', ['a'], { x: '1' }), storageClass('Immediate', ['a'])), false],
    ['there is more space', volumeBinding(), event('CSIStorageCapacityUpdate', space('2Gi'), space('1Gi')), true],
    ['there is less', volumeBinding(), event('CSIStorageCapacityUpdate', space('1Gi'), space('2Gi')), false],
    ['larger volumes can be made', volumeBinding(), event('CSIStorageCapacityUpdate', space('5Gi', '2Gi'), space('9Gi', '1Gi')), true],
    ['a driver tells of its space for the first time', volumeBinding(), event('CSIStorageCapacityUpdate', space('1Gi'), space()), true],
    ['a driver does not tell of its space any more', volumeBinding(), event('CSIDriverUpdate', driver(false), driver(true)), true],
    ['a driver tells of its space from now on', volumeBinding(), event('CSIDriverUpdate', driver(true), driver(false)), false],
    ['a class that waits for pods', volumeZone, event('StorageClassAdd', storageClass('WaitForFirstConsumer')), true],
    ['a class that does not', volumeZone, event('StorageClassAdd', storageClass('Immediate')), false],
    ['a new volume', volumeZone, event('PersistentVolumeAdd', volumeIn('a')), true],
    ['a volume that is in another zone', volumeZone, event('PersistentVolumeUpdate', volumeIn('b'), volumeIn('a')), true],
    ['a volume that has another label', volumeZone, event('PersistentVolumeUpdate', volumeIn('a', { x: '1' }), volumeIn('a')), false],
  ])('%s', (_name, plugin, happened, expected) => {
    expect(plugin.hints?.[happened.name]?.(user, happened, cluster([]))).toBe(expected);
  });
});
