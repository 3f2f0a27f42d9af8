import { type corev1 } from '@navarch/api';
import { nodeObject, nodeStatus, type NodeFacts, type NodeIdentity } from './node-object';
import { nodeStatusPatch } from './node-registration';

const facts: NodeFacts = {
  machine: { architecture: 'amd64', bootId: '', kernelVersion: '', machineId: '', osImage: '', systemUuid: '', cpus: 1, memoryBytes: 1, storageBytes: 1, pids: 1, hugepages: {}, uptimeMs: 0, swap: { bytes: 0, control: undefined } },
  runtime: { handlers: [], recursiveReadOnlyMounts: new Set(), userNamespaces: new Set(), supplementalGroupsPolicy: undefined }, resources: { capacity: {}, allocatable: {} },
  runtimeVersion: 'fake://1', images: [], volumesInUse: [], pressure: [], declaredFeatures: [], notReady: '',
};

const identity: NodeIdentity = { name: 'n1', hostname: 'n1', addresses: [], labels: {}, taints: [], unschedulable: false, providerId: '', nodeService: '192.0.2.1:10260', port: 10250, kubeletVersion: 'v1' };

describe('extended resources that others put into the capacity of a node', () => {
  const own: NodeFacts = { ...facts, resources: { capacity: { cpu: '2', 'example.com/gpu': '3' }, allocatable: { cpu: '1', 'example.com/gpu': '2' } } };
  it.each([
    ['are to be had', { 'example.com/dongle': '4' }, {}, { allocatable: { cpu: '1', 'example.com/gpu': '2', 'example.com/dongle': '4' } }],
    ['are had no more when they have left it', {}, { 'example.com/dongle': '4' }, { allocatable: { cpu: '1', 'example.com/gpu': '2', 'example.com/dongle': null } }],
    ['are not those of device plug-ins', { 'example.com/gpu': '8' }, { 'example.com/gpu': '8', cpu: '1' }, { capacity: { 'example.com/gpu': '3' }, allocatable: { 'example.com/gpu': '2' } }],
    ['are of no domain of Kubernetes', { 'kubernetes.io/x': '1' }, { cpu: '1', 'example.com/gpu': '2' }, {}],
  ])('%s', (_, capacity, allocatable, expected) => {
    const before: corev1.NodeStatus = { ...nodeStatus(identity, own, {}, 0), capacity: { cpu: '2', 'example.com/gpu': '3', ...capacity }, allocatable };
    expect(nodeStatusPatch(before, nodeStatus(identity, own, before, 0))).toEqual(expected);
  });
});

describe('a node of a cloud that is managed from elsewhere', () => {
  const of = (...nodeIps: string[]): NodeIdentity => ({
    ...identity, addresses: ['192.0.2.1'], taints: [{ key: 'own', effect: 'NoExecute' }], cloud: { nodeIps },
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
