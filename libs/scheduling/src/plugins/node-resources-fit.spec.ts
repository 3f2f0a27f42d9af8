import type { resourcev1 } from '@navarch/api';
import type { ClusterEvent } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import { podInfo } from '../state/pod-info';
import { asking, cluster, node, only, placed, pod, scores } from '../testing/test-cluster';
import { balancedAllocation } from './balanced-allocation';
import { nodeResourcesFit } from './node-resources-fit';
import type { ScoringStrategy } from './resource-scoring';

describe('NodeResourcesFit', () => {
  it.each<[string, ScoringStrategy, Record<string, number>]>([
    // Free after placing: a (4-1)/4 cpu and (8-2)/8 memory = 75, 75; b has 1 cpu and 2Gi more in use: 50, 50.
    ['likes what stays free', {}, { a: 75, b: 50 }],
    ['likes what is in use', { type: 'MostAllocated' }, { a: 25, b: 50 }],
    ['has the default for an empty list of resources', { type: 'MostAllocated', resources: [] }, { a: 25, b: 50 }],
    ['weighs resources', { resources: [{ name: 'cpu', weight: 3 }, { name: 'memory', weight: 1 }] }, { a: 75, b: 50 }],
    // Utilisation of cpu 25 and 50: on the line from 0 to 100.
    ['follows a shape', { type: 'RequestedToCapacityRatio', resources: [{ name: 'cpu' }], requestedToCapacityRatio: { shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }] } }, { a: 25, b: 50 }],
    ['follows a falling shape', { type: 'RequestedToCapacityRatio', resources: [{ name: 'cpu' }], requestedToCapacityRatio: { shape: [{ utilization: 25, score: 8 }, { utilization: 75, score: 2 }] } }, { a: 80, b: 50 }],
    ['leaves out what the pod does not ask', { resources: [{ name: 'cpu' }, { name: 'example.com/gpu' }] }, { a: 75, b: 50 }],
  ])('%s', (_name, scoringStrategy, expected) => {
    const state = cluster([node('a', { allocatable: { 'example.com/gpu': '4' } }), node('b'), pod({ ...asking({ cpu: '1', memory: '2Gi' }), nodeName: 'b' })]);
    expect(scores(pod(asking({ cpu: '1', memory: '2Gi' })), state, nodeResourcesFit({ scoringStrategy }))).toEqual(expected);
  });

  describe('a resource that devices stand for', () => {
    const gpu = 'example.com/gpu';
    const offer = (nodeName: string, devices: number): resourcev1.ResourceSlice => ({
      metadata: { name: nodeName },
      spec: { driver: 'd', nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 }, devices: [...Array.from({ length: devices }, (_, index) => ({ name: `${index}`, attributes: { kind: { string: 'gpu' } } })), { name: 'nic' }] },
    });
    const claim = (pool: string, adminAccess = false): resourcev1.ResourceClaim => ({ metadata: { name: `of-${pool}`, namespace: 'default' }, spec: {}, status: { allocation: { devices: { results: [{ request: 'r', driver: 'd', pool, device: '0', ...(adminAccess ? { adminAccess } : {}) }] } } } });
    const stands: resourcev1.DeviceClass = { metadata: { name: 'gpu' }, spec: { extendedResourceName: gpu, selectors: [{ cel: { expression: '"kind" in device.attributes["d"]' } }] } };
    const state = (): ClusterState => cluster([node('a'), node('b'), node('c', { allocatable: { [gpu]: '4' } })], { deviceClasses: [stands], resourceSlices: [offer('a', 4), offer('b', 2)], resourceClaims: [claim('a'), claim('b')] });
    const resources = [{ name: gpu }];

    it('counts in scores as it is offered and taken', () => {
      // 2 of 4 devices, 2 of 2, and 1 of the 4 that a device plug-in has.
      expect(scores(pod(asking({ [gpu]: '1' })), state(), nodeResourcesFit({ scoringStrategy: { type: 'MostAllocated', resources } }))).toEqual({ a: 50, b: 100, c: 25 });
      expect(scores(pod(asking({ [gpu]: '1' })), state(), balancedAllocation({ resources: [...resources, { name: 'cpu' }] }))).toEqual({ a: 69, b: 62, c: 68 });
    });

    it('does not count administrators', () => {
      const watched = cluster([node('a')], { deviceClasses: [stands], resourceSlices: [offer('a', 4)], resourceClaims: [claim('a', true)] });
      expect(scores(pod(asking({ [gpu]: '1' })), watched, nodeResourcesFit({ scoringStrategy: { type: 'MostAllocated', resources } }))).toEqual({ a: 25 });
    });

    it('is for DynamicResources to find, where no device plug-in has it', () => {
      expect(placed(pod(asking({ [gpu]: '5' })), state(), only(nodeResourcesFit()))).not.toBe('c');
      expect(placed(pod(asking({ [gpu]: '5' })), cluster([node('c', { allocatable: { [gpu]: '4' } })], { deviceClasses: [stands] }), only(nodeResourcesFit()))).toBe(`0/1 nodes are available: 1 Insufficient ${gpu}.`);
    });

    const other: resourcev1.DeviceClass = { metadata: { name: 'gpu' }, spec: { extendedResourceName: 'example.com/other' } };
    const byName = 'deviceclass.resource.kubernetes.io/gpu';
    it.each<[string, string, resourcev1.DeviceClass | undefined, resourcev1.DeviceClass, boolean]>([
      ['a new class that stands for it helps', gpu, undefined, stands, true],
      ['a new class that does so by its name', byName, undefined, other, true],
      ['another class does not', gpu, undefined, { metadata: { name: 'nic' }, spec: {} }, false],
      ['a class that stands for it from now on', gpu, other, stands, true],
      ['a class that does so as before does not', gpu, stands, { ...stands }, false],
      ['nor does another change of one that does so by its name', byName, other, stands, false],
    ])('%s', (_name, resource, before, after, expected) => {
      const name = before === undefined ? 'DeviceClassAdd' : 'DeviceClassUpdate';
      expect(nodeResourcesFit().hints?.[name]?.(podInfo(pod(asking({ [resource]: '1' }))), { name, ...(before && { before }), after }, state())).toBe(expected);
    });

    it('can be had where a device plug-in has none of it any more', () => {
      const [before, after] = ['4', '0'].map((amount) => node('a', { allocatable: { [gpu]: amount } }));
      const wants = podInfo(pod(asking({ [gpu]: '1' })));
      const event = (from: typeof before, to: typeof before): ClusterEvent => ({ name: 'NodeUpdateNodeAllocatable', ...(from && { before: from }), ...(to && { after: to }) });
      expect(nodeResourcesFit().hints?.NodeUpdateNodeAllocatable?.(wants, event(before, after), state())).toBe(true);
      expect(nodeResourcesFit().hints?.NodeUpdateNodeAllocatable?.(wants, event(before, before), state())).toBe(false);
    });
  });

  it('ignores what others look after, alone or by group', () => {
    const wants = pod(asking({ 'example.com/gpu': '1', 'other.com/x': '1' }));
    expect(placed(wants, cluster([node('a')]), only(nodeResourcesFit({ ignoredResources: ['example.com/gpu'] })))).toBe('0/1 nodes are available: 1 Insufficient other.com/x.');
    expect(placed(wants, cluster([node('a')]), only(nodeResourcesFit({ ignoredResources: ['example.com/gpu'], ignoredResourceGroups: ['other.com'] })))).toBe('a');
    expect(placed(pod(asking({ 'hugepages-2Mi': '2Mi' })), cluster([node('a')]), only(nodeResourcesFit({ ignoredResources: ['hugepages-2Mi'] })))).toBe('0/1 nodes are available: 1 Insufficient hugepages-2Mi.');
    expect(nodeResourcesFit({ ignoredResourceGroups: ['example.com', 'other.com'] }).hints?.NodeAdd?.(podInfo(wants), { name: 'NodeAdd', after: node('a') }, cluster([]))).toBe(true);
  });

  it('reads how many pods a node takes as any quantity: a thousand is 1k', () => {
    const full = cluster([node('a', { allocatable: { pods: '1k' } })]);
    for (let i = 0; i < 1000; i++) full.setPod(pod({ nodeName: 'a' }));
    expect(placed(pod(), full, only(nodeResourcesFit()))).toBe('0/1 nodes are available: 1 Too many pods.');
    const grows: ClusterEvent = { name: 'NodeUpdateNodeAllocatable', before: node('a', { allocatable: { pods: '900' } }), after: node('a', { allocatable: { pods: '1k' } }) };
    expect(nodeResourcesFit().hints?.NodeUpdateNodeAllocatable?.(podInfo(pod()), grows, full)).toBe(true);
  });

  it.each<[string, ClusterEvent, boolean]>([
    ['a node that is large enough', { name: 'NodeAdd', after: node('n') }, true],
    ['a node that takes no pods', { name: 'NodeAdd', after: node('n', { allocatable: { pods: '0' } }) }, false],
    ['a node that is too small', { name: 'NodeAdd', after: node('n', { allocatable: { cpu: '1' } }) }, false],
    ['a node that grew', { name: 'NodeUpdateNodeAllocatable', before: node('n', { allocatable: { cpu: '1' } }), after: node('n') }, true],
    ['a node that grew in what the pod does not ask', { name: 'NodeUpdateNodeAllocatable', before: node('n', { allocatable: { memory: '1Gi' } }), after: node('n') }, false],
    ['a pod that went', { name: 'AssignedPodDelete', before: pod() }, true],
  ])('%s helps: %p', (_name, event, expected) => {
    const state = cluster([]);
    expect(nodeResourcesFit().hints?.[event.name]?.(podInfo(pod(asking({ cpu: '3' }))), event, state)).toBe(expected);
  });
});

describe('NodeResourcesBalancedAllocation', () => {
  it.each<[string, [cpu: string, memory: string], Record<string, [cpu: string, memory: string]>, Record<string, number>]>([
    // a: from 1/4 and 3/8 (93) to 2/4 and 4/8 (100). b: from 1/4 and 1/8 (93) to 2/4 and 2/8 (87).
    ['likes nodes whose cpu and memory come to be used alike', ['1', '1Gi'], { a: ['1', '3Gi'], b: ['1', '1Gi'] }, { a: 78, b: 72 }],
    ['does not mind how uneven a node is that stays so', ['1', '2Gi'], { a: ['0', '0'], b: ['2', '0'] }, { a: 75, b: 75 }],
    ['dislikes as much what makes an even node uneven as what makes an uneven one more so', ['2', '0'], { a: ['2', '0'], b: ['2', '4Gi'] }, { a: 62, b: 62 }],
    ['knows the best and the worst', ['4', '0'], { a: ['0', '0'], b: ['0', '8Gi'] }, { a: 50, b: 100 }],
  ])('%s', (_name, [cpu, memory], used, expected) => {
    const state = cluster(Object.entries(used).flatMap(([name, [own, ownMemory]]) => [node(name), pod({ ...asking({ cpu: own, memory: ownMemory }), nodeName: name })]));
    for (const resources of [undefined, [], [{ name: 'cpu' }, { name: 'memory' }]]) {
      expect(scores(pod(asking({ cpu, memory })), state, balancedAllocation(resources === undefined ? {} : { resources }))).toEqual(expected);
    }
  });

  it('says nothing of a pod that asks for none of the resources', () => {
    const state = cluster([node('a', { allocatable: { 'example.com/gpu': '1' } })]);
    expect(scores(pod(asking({ 'example.com/gpu': '1' })), state, balancedAllocation())).toEqual({});
  });

  it('counts what a node has used of its storage, whether the pod asks for some or not', () => {
    // Shares 0, 0 and 0.5: deviation 0.2357. Then 0.25, 0.25 and 0.5: 0.1178.
    const state = cluster([node('a', { allocatable: { 'ephemeral-storage': '10Gi' } }), pod({ ...asking({ 'ephemeral-storage': '5Gi' }), nodeName: 'a' })]);
    expect(scores(pod(asking({ cpu: '1', memory: '2Gi' })), state, balancedAllocation({ resources: [{ name: 'cpu' }, { name: 'memory' }, { name: 'ephemeral-storage' }] }))).toEqual({ a: 81 });
  });

  it('balances any number of resources', () => {
    // Shares 0.25, 0.25 and 1: mean 0.5, deviation √0.125. Before, none of anything.
    const state = cluster([node('a', { allocatable: { 'example.com/gpu': '1' } })]);
    const wants = pod(asking({ cpu: '1', memory: '2Gi', 'example.com/gpu': '1' }));
    expect(scores(wants, state, balancedAllocation({ resources: [{ name: 'cpu' }, { name: 'memory' }, { name: 'example.com/gpu' }] }))).toEqual({ a: 57 });
  });
});
