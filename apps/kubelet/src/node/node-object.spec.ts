import { type corev1 } from '@navarch/api';
import { nodeObject, nodeStatus, type NodeFacts, type NodeIdentity } from './node-object';

const facts: NodeFacts = {
  machine: { architecture: 'amd64', bootId: '', kernelVersion: '', machineId: '', osImage: '', systemUuid: '', cpus: 1, memoryBytes: 1, storageBytes: 1, pids: 1, hugepages: {}, uptimeMs: 0, swap: { bytes: 0, control: undefined } },
  runtime: { handlers: [], recursiveReadOnlyMounts: new Set(), userNamespaces: new Set(), supplementalGroupsPolicy: undefined }, resources: { capacity: {}, allocatable: {} },
  runtimeVersion: 'fake://1', images: [], volumesInUse: [], pressure: [], declaredFeatures: [], notReady: '',
};

describe('a node of a cloud that is managed from elsewhere', () => {
  const of = (...nodeIps: string[]): NodeIdentity => ({
    name: 'n1', hostname: 'n1', addresses: ['192.0.2.1'], labels: {}, taints: [{ key: 'own', effect: 'NoExecute' }], unschedulable: false, providerId: '', nodeService: '192.0.2.1:10260', port: 10250, kubeletVersion: 'v1', cloud: { nodeIps },
  });
  const addresses = (identity: NodeIdentity, before: corev1.NodeStatus = {}): unknown => nodeStatus(identity, facts, before, 0).addresses;

  it('takes no pods before its cloud has looked at it', () => {
    expect(nodeObject(of(), facts, 0).spec?.taints).toEqual([{ key: 'own', effect: 'NoExecute' }, { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }]);
  });

  it('has the addresses that its cloud gives it, and tells which it was given by hand', () => {
    expect([addresses(of()), nodeObject(of(), facts, 0).metadata.annotations?.['alpha.kubernetes.io/provided-node-ip']]).toEqual([undefined, undefined]);
    expect(addresses(of('192.0.2.7'))).toEqual([{ type: 'InternalIP', address: '192.0.2.7' }, { type: 'Hostname', address: 'n1' }]);
    expect(nodeObject(of('192.0.2.7', '2001:db8::7'), facts, 0).metadata.annotations?.['alpha.kubernetes.io/provided-node-ip']).toBe('192.0.2.7,2001:db8::7');
    const given = [{ type: 'ExternalIP', address: '198.51.100.1' }, { type: 'InternalIP', address: '192.0.2.7' }];
    expect(addresses(of('192.0.2.9'), { addresses: given })).toEqual(given);
  });
});
