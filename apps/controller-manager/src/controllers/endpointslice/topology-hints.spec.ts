import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import * as fc from 'fast-check';
import { ControllerWorld } from '../../testing/controller-world';
import { endpointSliceController } from './controller';
import { topologyHints, wantsTopologyHints, type ZonedEndpoint } from './topology-hints';
import { topologyFacts, zoneRatios, type ZoneRatios } from './topology-ratios';

const endpoints = (zones: Readonly<Record<string, number>>, hints: Readonly<Record<string, string>> = {}): ZonedEndpoint[] =>
  Object.entries(zones).flatMap(([zone, number]) => Array.from({ length: number }, (_, index) => ({ endpoint: { addresses: [`${zone}-${index}`], ...(zone === '' ? {} : { zone }) }, hint: hints[`${zone}-${index}`] })));
const even: ZoneRatios = new Map([['a', 0.5], ['b', 0.5]]);
const counts = (given: readonly ZonedEndpoint[], ratios: ZoneRatios): Record<string, number> | string => {
  const result = topologyHints(given, ratios);
  if ('refusal' in result) return result.refusal;
  const count: Record<string, number> = {};
  for (const zone of result.zones.values()) count[zone] = (count[zone] ?? 0) + 1;
  return count;
};
const node = (name: string, zone?: string, { cpu = '2', ready = 'True', labels = {} }: { cpu?: string; ready?: string; labels?: Record<string, string> } = {}): corev1.Node => ({
  metadata: { name, labels: { ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }), ...labels } }, status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
});

describe('endpoints that are shared among zones', () => {
  it.each<{ reason: string; given: ZonedEndpoint[]; ratios: ZoneRatios; expected: Record<string, number> | string }>([
    { reason: 'stay in their own where they are even', given: endpoints({ a: 3, b: 3 }), ratios: even, expected: { a: 3, b: 3 } },
    { reason: 'go to where there are too few', given: endpoints({ a: 5, b: 1 }), ratios: even, expected: { a: 3, b: 3 } },
    { reason: 'go to where there are none', given: endpoints({ a: 6 }), ratios: new Map([['a', 1 / 3], ['b', 1 / 3], ['c', 1 / 3]]), expected: { a: 2, b: 2, c: 2 } },
    { reason: 'follow the processors', given: endpoints({ a: 5, b: 5 }), ratios: new Map([['a', 0.8], ['b', 0.2]]), expected: { a: 8, b: 2 } },
    { reason: 'are not moved for half of one', given: endpoints({ a: 5, b: 6 }), ratios: even, expected: { a: 5, b: 6 } },
    { reason: 'are fewer than zones', given: endpoints({ a: 1 }), ratios: even, expected: 'Insufficient number of endpoints (1 endpoints, 2 zones)' },
    { reason: 'are too few for fair shares', given: endpoints({ a: 2, b: 1 }), ratios: even, expected: 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)' },
    { reason: 'have no zone', given: endpoints({ 'a': 3, '': 3 }), ratios: even, expected: 'One or more endpoints do not have a zone specified' },
    { reason: 'have zones that nobody knows', given: endpoints({ a: 3 }), ratios: undefined, expected: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes' },
  ])('$reason', ({ given, ratios, expected }) => {
    expect(counts(given, ratios)).toEqual(expected);
  });

  it('keep their zone while the shares allow it, and only then', () => {
    const kept = topologyHints(endpoints({ a: 4, b: 2 }, { 'a-0': 'b', 'a-1': 'a', 'a-2': 'a', 'a-3': 'a', 'b-0': 'b', 'b-1': 'b' }), even);
    expect('zones' in kept ? [...kept.zones.values()] : kept).toEqual(['b', 'a', 'a', 'a', 'b', 'b']);
    expect(counts(endpoints({ a: 3, b: 3 }, Object.fromEntries(['a-0', 'a-1', 'a-2', 'b-0', 'b-1', 'b-2'].map((name) => [name, 'a']))), even)).toEqual({ a: 3, b: 3 });
  });

  it('never give a zone less than its part over 1.2, and do not move once they are fair', () => {
    const zone = fc.record({ cpu: fc.integer({ min: 1, max: 64 }), here: fc.nat(40) });
    fc.assert(fc.property(fc.array(zone, { minLength: 2, maxLength: 6 }), (zones) => {
      const total = zones.reduce((sum, { cpu }) => sum + cpu, 0);
      const ratios = new Map(zones.map(({ cpu }, index) => [`z${index}`, cpu / total]));
      const given = endpoints(Object.fromEntries(zones.map(({ here }, index) => [`z${index}`, here])));
      const result = topologyHints(given, ratios);
      if ('refusal' in result) return;
      expect(result.zones.size).toBe(given.length);
      const count = counts(given, ratios) as Record<string, number>;
      for (const [name, ratio] of ratios) expect(count[name] ?? 0).toBeGreaterThanOrEqual(Math.floor((ratio * given.length) / 1.2));
      const again = topologyHints(given.map(({ endpoint }) => ({ endpoint, hint: result.zones.get(endpoint) })), ratios);
      expect(again).toEqual(result);
    }));
  });

  it.each([
    [{}, false],
    [{ 'service.kubernetes.io/topology-mode': 'Auto' }, true],
    [{ 'service.kubernetes.io/topology-mode': 'example.com/Own' }, false],
    [{ 'service.kubernetes.io/topology-aware-hints': 'disabled', 'service.kubernetes.io/topology-mode': 'Auto' }, false],
  ])('are wanted by %p: %p', (annotations, wanted) => {
    expect(wantsTopologyHints(annotations)).toBe(wanted);
  });
});

describe('the parts of zones', () => {
  it.each<{ reason: string; nodes: corev1.Node[]; parts: Record<string, number> | undefined }>([
    {
      reason: 'follow processors',
      nodes: [node('1', 'a', { cpu: '6' }), node('2', 'b', { cpu: '1500m' }), node('3', 'b', { cpu: '500m' })],
      parts: { a: 0.75, b: 0.25 },
    },
    {
      reason: 'leave out nodes that are not ready, and control planes',
      nodes: [
        node('1', 'a'),
        node('2', 'b'),
        node('3', 'b', { ready: 'False' }),
        node('4', undefined, { labels: { 'node-role.kubernetes.io/control-plane': '' } }),
      ],
      parts: { a: 0.5, b: 0.5 },
    },
    { reason: 'of one zone are none', nodes: [node('1', 'a')], parts: undefined },
    { reason: 'are none with a node without zone', nodes: [node('1', 'a'), node('2', 'b'), node('3')], parts: undefined },
    { reason: 'are none with a node without processors', nodes: [node('1', 'a'), node('2', 'b', { cpu: '0' })], parts: undefined },
  ])('$reason', ({ nodes, parts }) => {
    const ratios = zoneRatios(nodes);
    expect(ratios && Object.fromEntries(ratios)).toEqual(parts);
  });

  it('change with zone, processors and readiness of a node', () => {
    const same = topologyFacts(node('1', 'a'));
    expect(topologyFacts(node('1', 'a', { labels: { x: 'y' } }))).toBe(same);
    for (const other of [node('1', 'b'), node('1', 'a', { cpu: '4' }), node('1', 'a', { ready: 'Unknown' })]) expect(topologyFacts(other)).not.toBe(same);
  });
});

describe('a Service with topology-mode Auto', () => {
  it('has hints as long as nodes have zones, and says so', async () => {
    const world = new ControllerWorld();
    const zones = (): (string | undefined)[] => world.all<discoveryv1.EndpointSlice>(discovery.endpointslices).flatMap((slice) => (slice.endpoints ?? []).map(({ hints }) => hints?.forZones?.[0]?.name)).sort();
    for (const name of ['a', 'b']) world.create(core.nodes, node(`node-${name}`, name));
    world.create(core.services, { metadata: { name: 'web', namespace: 'default', annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } }, spec: { selector: { app: 'web' }, clusterIP: '10.96.0.7', ports: [{ port: 80 }] } });
    for (let index = 0; index < 4; index++) {
      const pod = world.create(core.pods, { metadata: { name: `p${index}`, namespace: 'default', labels: { app: 'web' } }, spec: { nodeName: 'node-a', containers: [] } });
      world.api.update(core.pods, 'default', `p${index}`, 'status', { ...pod, status: { phase: 'Running', podIP: `10.244.0.${index + 1}`, conditions: [{ type: 'Ready', status: 'True' }] } } as corev1.Pod);
    }
    await world.run(endpointSliceController);
    expect(zones()).toEqual(['a', 'a', 'b', 'b']);
    world.change(core.nodes, 'node-b', (object) => (object.status = { ...object.status, conditions: [{ type: 'Ready', status: 'Unknown' }] }), 'status');
    await world.settle();
    expect(zones()).toEqual([undefined, undefined, undefined, undefined]);
    expect(world.eventsOf('web')).toEqual([
      'TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4',
      'TopologyAwareHintsDisabled: Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4',
    ]);
    await world.stop();
  });

  it('that was made anew under the same name takes no slices of the last', async () => {
    const world = new ControllerWorld();
    const service: corev1.Service = { metadata: { name: 'web', namespace: 'default' }, spec: { clusterIP: '10.96.0.7', selector: { app: 'web' }, ports: [{ port: 80 }] } };
    world.create(core.services, service);
    await world.run(endpointSliceController);
    const [old] = world.all(discovery.endpointslices);
    world.api.delete(core.services, 'default', 'web');
    const { uid } = world.create(core.services, service).metadata;
    await world.settle();
    const slices = world.all(discovery.endpointslices);
    expect(slices.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual([uid]);
    expect(slices[0]?.metadata.name).not.toBe(old?.metadata.name);
    await world.stop();
  });
});
