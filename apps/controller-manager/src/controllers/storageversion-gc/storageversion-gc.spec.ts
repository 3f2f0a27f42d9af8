import { coordination, internal, type apiserverinternalv1alpha1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { storageVersionGarbageCollector } from './controller';
import { planStorageVersion } from './sync';

type Status = apiserverinternalv1alpha1.StorageVersionStatus;

const entry = (apiServerID: string, encodingVersion = 'v1'): apiserverinternalv1alpha1.ServerStorageVersion => ({ apiServerID, encodingVersion, decodableVersions: ['v1', 'v2'] });
const condition = (status: 'False' | 'True', lastTransitionTime: string): apiserverinternalv1alpha1.StorageVersionCondition => ({
  type: 'AllEncodingVersionsEqual', status, reason: status === 'True' ? 'CommonEncodingVersionSet' : 'CommonEncodingVersionUnset',
  message: `Common encoding version ${status === 'True' ? 'set' : 'unset'}`, lastTransitionTime, observedGeneration: 0,
});

describe('a StorageVersion', () => {
  it.each<{ reason: string; of: Status; expected: ReturnType<typeof planStorageVersion> }>([
    { reason: 'of apiservers that are there stays', of: { storageVersions: [entry('a')] }, expected: undefined },
    { reason: 'without an entry stays', of: {}, expected: undefined },
    { reason: 'of none that is there goes', of: { storageVersions: [entry('x'), entry('y')] }, expected: { kind: 'delete' } },
    {
      reason: 'agrees when who disagreed is gone', of: { storageVersions: [entry('a'), entry('x', 'v2')], conditions: [condition('False', 'then')] },
      expected: { kind: 'status', status: { commonEncodingVersion: 'v1', storageVersions: [entry('a')], conditions: [condition('True', 'now')] } },
    },
    {
      reason: 'that agreed does so since then', of: { storageVersions: [entry('a'), entry('x')], commonEncodingVersion: 'v1', conditions: [condition('True', 'then')] },
      expected: { kind: 'status', status: { commonEncodingVersion: 'v1', storageVersions: [entry('a')], conditions: [condition('True', 'then')] } },
    },
    {
      reason: 'that agrees on another version does so since now', of: { storageVersions: [entry('a', 'v2'), entry('x')], commonEncodingVersion: 'v1', conditions: [condition('True', 'then')] },
      expected: { kind: 'status', status: { commonEncodingVersion: 'v2', storageVersions: [entry('a', 'v2')], conditions: [condition('True', 'now')] } },
    },
    {
      reason: 'may disagree still', of: { storageVersions: [entry('a'), entry('b', 'v2'), entry('x')] },
      expected: { kind: 'status', status: { storageVersions: [entry('a'), entry('b', 'v2')], conditions: [condition('False', 'now')] } },
    },
  ])('$reason', ({ of, expected }) => expect(planStorageVersion({ metadata: { name: 'v' }, status: of }, (id) => ['a', 'b'].includes(id), 'now')).toEqual(expected));

  it('loses the entry of an apiserver whose Lease goes, and goes with the last', async () => {
    const world = new ControllerWorld();
    const lease = (name: string, labels: Record<string, string> = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }): void => void world.create(coordination.leases, { metadata: { name, namespace: 'kube-system', labels } });
    lease('a');
    lease('b');
    lease('stranger', {});
    world.create(internal.storageversions, { metadata: { name: 'apps.deployments' }, spec: {}, status: { storageVersions: [entry('a'), entry('b'), entry('stranger')] } });
    await world.run(storageVersionGarbageCollector);
    const servers = (): string[] | undefined => world.api.find(internal.storageversions, '', 'apps.deployments')?.status?.storageVersions?.map(({ apiServerID }) => apiServerID);
    expect(servers()).toEqual(['a', 'b']);
    world.api.delete(coordination.leases, 'kube-system', 'a');
    await world.settle();
    expect(servers()).toEqual(['b']);
    world.api.delete(coordination.leases, 'kube-system', 'b');
    await world.settle();
    expect(servers()).toBeUndefined();
    await world.stop();
  });
});
