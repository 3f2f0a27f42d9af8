import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import * as fc from 'fast-check';
import { ControllerWorld } from '../../testing/controller-world';
import { endpointsController } from '../endpoints/controller';
import { planEndpoints } from '../endpoints/sync';
import { endpointSliceController } from './controller';
import { planSlices } from './sync';

const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time';

const service = (spec: Partial<corev1.ServiceSpec> = {}): corev1.Service => ({
  metadata: { name: 'web', namespace: 'default', uid: 'svc', labels: { app: 'web' } },
  spec: { selector: { app: 'web' }, clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }], ...spec },
});
interface PodFacts {
  ready?: boolean;
  terminating?: boolean;
  node?: string;
  phase?: string;
  ports?: corev1.ContainerPort[];
}
const pod = (number: number, { ready = true, terminating = false, node = 'n1', phase = 'Running', ports = [] }: PodFacts = {}): corev1.Pod => ({
  metadata: { name: `p${number}`, namespace: 'default', uid: `u${number}`, labels: { app: 'web' }, ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  spec: { nodeName: node, containers: [{ name: 'c', ports }] },
  status: { phase, podIP: `10.244.${Math.floor(number / 250)}.${number % 250}`, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const node = (name: string): corev1.Node | undefined => (name === 'gone' || name === '' ? undefined : { metadata: { name, labels: { 'topology.kubernetes.io/zone': `zone-of-${name}` } } });

/** A Service's slices, as the API keeps them. */
class Slices {
  all: discoveryv1.EndpointSlice[] = [];
  #names = 0;

  apply(of: corev1.Service, pods: corev1.Pod[], maxPerSlice = 100, triggeredAtMs?: number): { touched: number } {
    const plan = planSlices({ service: of, pods, node, slices: this.all, maxPerSlice, ratios: undefined, zoned: false, triggeredAtMs });
    const gone = new Set(plan.remove.map(({ metadata }) => metadata.name));
    const updated = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
    this.all = [
      ...this.all.filter(({ metadata }) => !gone.has(metadata.name)).map((slice) => updated.get(slice.metadata.name) ?? slice),
      ...plan.create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: `web-${this.#names++}` } })),
    ];
    return { touched: plan.create.length + plan.update.length + plan.remove.length };
  }

  get addresses(): string[] {
    return this.all.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).sort();
  }
}

describe('EndpointSlices', () => {
  it('say of each pod whether it is ready, serves, and is on its way out', () => {
    const slices = new Slices();
    slices.apply(service(), [pod(1), pod(2, { ready: false }), pod(3, { terminating: true }), pod(4, { phase: 'Succeeded' }), pod(5, { node: 'gone' }), pod(6, { node: '' })]);
    expect(slices.all).toHaveLength(1);
    const [slice] = slices.all;
    expect(slice).toMatchObject({
      metadata: { generateName: 'web-', namespace: 'default', labels: { app: 'web', 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'svc', controller: true, blockOwnerDeletion: true }] },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    });
    expect(slice?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions])).toEqual([
      ['10.244.0.1', { ready: true, serving: true, terminating: false }],
      ['10.244.0.2', { ready: false, serving: false, terminating: false }],
      ['10.244.0.3', { ready: false, serving: true, terminating: true }],
    ]);
    expect(slice?.endpoints?.[0]).toMatchObject({ nodeName: 'n1', zone: 'zone-of-n1', targetRef: { kind: 'Pod', namespace: 'default', name: 'p1', uid: 'u1' } });
  });

  it('show pods of a node that is gone, or of none, where what is not ready is shown too', () => {
    const slices = new Slices();
    slices.apply(service({ publishNotReadyAddresses: true }), [pod(5, { node: 'gone' }), pod(6, { node: '' })]);
    expect(slices.all[0]?.endpoints?.map(({ nodeName, zone }) => [nodeName, zone])).toEqual([['gone', undefined], [undefined, undefined]]);
  });

  it('lead to named ports, which may differ from pod to pod', () => {
    const slices = new Slices();
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
    slices.apply(named, [pod(1, { ports: [{ name: 'web', containerPort: 8080 }] }), pod(2, { ports: [{ name: 'web', containerPort: 9090 }] })]);
    expect(slices.all.map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints?.length])).toEqual([[8080, 1], [9090, 1]]);
  });

  it('of a Service without pods is one that is empty, and stays', () => {
    const slices = new Slices();
    slices.apply(service(), []);
    expect(slices.all.map(({ endpoints }) => endpoints)).toEqual([[]]);
    expect(slices.apply(service(), []).touched).toBe(0);
    slices.apply(service(), [pod(1)]);
    expect(slices.addresses).toEqual(['10.244.0.1']);
    expect(slices.all).toHaveLength(1);
  });

  it('mark headless Services and prefer zones when asked to', () => {
    const slices = new Slices();
    slices.apply(service({ clusterIP: 'None', trafficDistribution: 'PreferSameZone' }), [pod(1), pod(2, { ready: false })]);
    expect(slices.all[0]?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '');
    expect(slices.all[0]?.endpoints?.map(({ hints }) => hints)).toEqual([{ forZones: [{ name: 'zone-of-n1' }] }, undefined]);
  });

  it('hold exactly the pods there are, none twice, never too many in one, and change no more than they must', () => {
    const steps = fc.array(fc.uniqueArray(fc.nat(40), { maxLength: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 10 }), (rounds, maxPerSlice) => {
      const slices = new Slices();
      for (const numbers of rounds) {
        const pods = numbers.map((number) => pod(number));
        slices.apply(service(), pods, maxPerSlice);
        expect(slices.addresses).toEqual(pods.map(({ status }) => status?.podIP ?? '').sort());
        for (const { endpoints } of slices.all) expect(endpoints?.length).toBeLessThanOrEqual(maxPerSlice);
        expect(slices.apply(service(), pods, maxPerSlice).touched).toBe(0);
      }
    }));
  });

  it('tell when the change was that they show, and do not change for a new time alone', () => {
    const slices = new Slices();
    const times = (): (string | undefined)[] => slices.all.map(({ metadata }) => metadata.annotations?.[TRIGGER]);
    slices.apply(service(), [pod(1)], 1, Date.parse('2026-01-01T00:00:01Z'));
    slices.apply(service(), [pod(1), pod(2)], 1, Date.parse('2026-01-01T00:00:02Z'));
    expect(times()).toEqual(['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z']);
    expect(slices.apply(service(), [pod(1), pod(2)], 1, Date.parse('2026-01-01T00:00:03Z')).touched).toBe(0);
    slices.apply(service(), [pod(1), pod(2, { ready: false })], 1);
    expect(times()).toEqual(['2026-01-01T00:00:01Z', undefined]);
  });

  /** Slices of these sizes, two pods the most; and what is done when pods go and come. */
  it.each<{ reason: string; sizes: number[]; gone: number[]; come: number; creates: number; updates: number; removes: number }>([
    { reason: 'fill one that has room for all', sizes: [2, 1], gone: [], come: 1, creates: 0, updates: 1, removes: 0 },
    { reason: 'fill the fullest of them', sizes: [1, 2], gone: [], come: 2, creates: 0, updates: 1, removes: 0 },
    { reason: 'rather begin a new one than change two', sizes: [3, 3], gone: [], come: 2, creates: 1, updates: 0, removes: 0 },
    { reason: 'fill one that changes anyway before others', sizes: [4, 2], gone: [0], come: 1, creates: 0, updates: 1, removes: 0 },
    { reason: 'fill what changes anyway, and put the rest into one', sizes: [4, 2], gone: [0], come: 3, creates: 0, updates: 2, removes: 0 },
    { reason: 'use one again that would go', sizes: [4, 1], gone: [4], come: 4, creates: 0, updates: 1, removes: 0 },
    { reason: 'let one go that is empty', sizes: [4, 1], gone: [4], come: 0, creates: 0, updates: 0, removes: 1 },
  ])('$reason', ({ sizes, gone, come, creates, updates, removes }) => {
    const pods = Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, index) => pod(index));
    const all = new Slices();
    all.apply(service(), pods, 100);
    const [whole] = all.all;
    let next = 0;
    const slices = sizes.map((size, index) => ({ ...whole, metadata: { ...whole?.metadata, name: `s${index}` }, endpoints: whole?.endpoints?.slice(next, (next += size)) }) as discoveryv1.EndpointSlice);
    const now = [...pods.filter((_, index) => !gone.includes(index)), ...Array.from({ length: come }, (_, index) => pod(100 + index))];
    const plan = planSlices({ service: service(), pods: now, node, slices, maxPerSlice: 4, ratios: undefined, zoned: false, triggeredAtMs: undefined });
    expect([plan.create.length, plan.update.length, plan.remove.length]).toEqual([creates, updates, removes]);
  });

  it.each<{ reason: string; before: number[]; of: Partial<corev1.ServiceSpec>; now: number[]; added: number; removed: number }>([
    { reason: 'that come and go', before: [1, 2, 3], of: {}, now: [2, 4, 5], added: 2, removed: 2 },
    { reason: 'that change their ports as new ones', before: [1, 2], of: { ports: [{ name: 'http', port: 80, targetPort: 9090 }] }, now: [1, 2], added: 2, removed: 0 },
    { reason: 'in each family', before: [1], of: { ipFamilies: ['IPv4', 'IPv6'] }, now: [1, 2], added: 1, removed: 0 },
  ])('count endpoints $reason', ({ before, of, now, added, removed }) => {
    const slices = new Slices();
    slices.apply(service(), before.map((number) => pod(number)));
    const plan = planSlices({ service: service(of), pods: now.map((number) => pod(number)), node, slices: slices.all, maxPerSlice: 100, ratios: undefined, zoned: false, triggeredAtMs: undefined });
    expect(plan.numbers.families[0]).toEqual({ added, removed, changedSlices: 1 });
    expect(plan.numbers.families).toHaveLength(of.ipFamilies?.length ?? 1);
  });

  it('of other ports are used again', () => {
    const slices = new Slices();
    slices.apply(service(), [pod(1)]);
    const [before] = slices.all;
    slices.apply(service({ ports: [{ name: 'http', port: 80, targetPort: 9090 }] }), [pod(1)], 100, 0);
    expect(slices.all.map(({ metadata: { name }, ports }) => [name, ports?.[0]?.port])).toEqual([[before?.metadata.name, 9090]]);
  });

  it('that the Service does not own give way to its own', () => {
    const slices = new Slices();
    slices.apply(service(), [pod(1)]);
    slices.all = slices.all.map((slice) => ({ ...slice, metadata: { ...slice.metadata, ownerReferences: [] } }));
    const [stray] = slices.all;
    slices.apply(service(), [pod(1)]);
    expect(slices.all.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual(['svc']);
    expect(slices.all[0]?.metadata.name).not.toBe(stray?.metadata.name);
  });

  it('are not made for a Service on its way out', () => {
    const slices = new Slices();
    const going = service();
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(slices.apply(going, [pod(1)]).touched).toBe(0);
  });

  it('of a headless Service without families are of both', () => {
    const slices = new Slices();
    slices.apply(service({ clusterIP: 'None' }), [pod(1)]);
    expect(slices.all.map(({ addressType, endpoints }) => [addressType, endpoints?.length])).toEqual([['IPv4', 1], ['IPv6', 0]]);
  });

  it('touch one slice for one pod', () => {
    const slices = new Slices();
    const pods = Array.from({ length: 1000 }, (_, index) => pod(index));
    expect(slices.apply(service(), pods).touched).toBe(10);
    expect(slices.apply(service(), pods.slice(1)).touched).toBe(1);
    expect(slices.apply(service(), [...pods.slice(1), pod(2000)]).touched).toBe(1);
  });
});

describe('Endpoints', () => {
  it('part ready addresses from others, in order', () => {
    const action = planEndpoints(service(), [pod(3), pod(1), pod(2, { ready: false }), pod(4, { terminating: true })], undefined);
    expect(action).toMatchObject({ kind: 'create', endpoints: { metadata: { name: 'web', labels: { app: 'web', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } } } });
    expect(action?.endpoints.subsets).toEqual([
      {
        addresses: [1, 3].map((number) => ({ ip: `10.244.0.${number}`, nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'default', name: `p${number}`, uid: `u${number}` } })),
        notReadyAddresses: [{ ip: '10.244.0.2', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'default', name: 'p2', uid: 'u2' } }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
    expect(planEndpoints(service(), [pod(3), pod(1), pod(2, { ready: false })], action?.endpoints)).toBeUndefined();
  });

  it('tell when the change was that they show, and do not change for a new time alone', () => {
    const first = planEndpoints(service(), [pod(1)], undefined, Date.parse('2026-01-01T00:00:01Z'))?.endpoints;
    expect(first?.metadata.annotations).toEqual({ [TRIGGER]: '2026-01-01T00:00:01Z' });
    expect(planEndpoints(service(), [pod(1)], first, Date.parse('2026-01-01T00:00:02Z'))).toBeUndefined();
    expect(planEndpoints(service(), [], first)?.endpoints.metadata.annotations).toEqual({});
  });

  it('that are few again do not say any more that they are cut', () => {
    const cut = planEndpoints(service(), Array.from({ length: 1001 }, (_, index) => pod(index)), undefined)?.endpoints;
    expect(cut?.metadata.annotations).toHaveProperty(['endpoints.kubernetes.io/over-capacity']);
    const few = planEndpoints(service(), [pod(1)], cut)?.endpoints;
    expect(few?.metadata.annotations).toEqual({});
    expect(planEndpoints(service(), [pod(1)], few)).toBeUndefined();
  });

  it('hold at most a thousand addresses, and say that they are cut', () => {
    const pods = Array.from({ length: 1100 }, (_, index) => pod(index, { ready: index >= 200 }));
    const endpoints = planEndpoints(service(), pods, undefined)?.endpoints;
    expect(endpoints?.subsets?.[0]?.addresses).toHaveLength(900);
    expect(endpoints?.subsets?.[0]?.notReadyAddresses).toHaveLength(100);
    expect(endpoints?.metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' });
  });
});

describe('Endpoints of several ports', () => {
  it('are by the pods that offer each', () => {
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }, { name: 'admin', port: 81, targetPort: 'admin' }] });
    const web = { name: 'web', containerPort: 8080 };
    const pods = [pod(1, { ports: [web, { name: 'admin', containerPort: 9090 }] }), pod(2, { ports: [web] }), pod(3)];
    const subsets = planEndpoints(named, pods, undefined)?.endpoints.subsets ?? [];
    expect(subsets.map(({ addresses = [], ports = [] }) => [addresses.map(({ targetRef }) => targetRef?.name), ports.map(({ name }) => name)])).toEqual([[['p1'], ['admin']], [['p1', 'p2'], ['http']]]);
  });

  it.each<{ reason: string; ready: number[]; notReady: number[]; kept: (readonly [ready: number, notReady: number])[] }>([
    { reason: 'give each a part of the ready ones', ready: [900, 300], notReady: [0, 0], kept: [[750, 0], [250, 0]] },
    { reason: 'drop all that are not ready when the ready ones are too many', ready: [600, 600], notReady: [10, 0], kept: [[500, 0], [500, 0]] },
    { reason: 'keep all ready ones, and give each a part of the others', ready: [400, 500], notReady: [150, 50], kept: [[400, 75], [500, 25]] },
  ])('that are too many $reason', ({ ready, notReady, kept }) => {
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
    let number = 0;
    const pods = ready.flatMap((count, index) => Array.from({ length: count + (notReady[index] ?? 0) }, (_, at) => pod(number++, { ready: at < count, ports: [{ name: 'web', containerPort: 8000 + index }] })));
    const { subsets = [], metadata } = planEndpoints(named, pods, undefined)?.endpoints ?? { metadata: {} };
    expect(subsets.map(({ addresses = [], notReadyAddresses = [] }) => [addresses.length, notReadyAddresses.length])).toEqual(kept);
    expect(metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' });
  });
});

describe('the endpoints of a Service', () => {
  it('are not what somebody else puts beside them', async () => {
    const world = new ControllerWorld();
    const { uid = '' } = world.create(core.services, service()).metadata;
    await world.run(endpointSliceController);
    const labels = { 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
    world.create(discovery.endpointslices, { metadata: { name: 'stray', namespace: 'default', labels }, addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'] }], ports: [] });
    await world.settle();
    expect(world.all<discoveryv1.EndpointSlice>(discovery.endpointslices).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual([uid]);
    await world.stop();
  });

  it('leave out pods whose node nobody knows, and say so until it is known', async () => {
    const world = new ControllerWorld();
    const late = pod(1, { node: 'late' });
    world.create(core.services, service());
    world.create(core.pods, { ...late, status: {} });
    world.change(core.pods, 'p1', (object) => Object.assign(object, { status: late.status }), 'status');
    await world.run(endpointSliceController);
    const endpoints = (): number[] => world.all<discoveryv1.EndpointSlice>(discovery.endpointslices).map((slice) => slice.endpoints?.length ?? 0);
    expect(endpoints()).toEqual([0]);
    expect(world.eventsOf('web')[0]).toBe('FailedToUpdateEndpointSlices: Error updating Endpoint Slices for Service default/web: skipping Pod p1 for Service default/web: Node late Not Found');
    world.create(core.nodes, { metadata: { name: 'late' } });
    await world.clock.advance(60_000);
    expect(endpoints()).toEqual([1]);
    expect(Object.keys(await world.metric('endpoint_slice_controller_syncs'))).toContain('error');
    await world.stop();
  });

  it('follow its pods, come back when someone deletes them, and go with it', async () => {
    const world = new ControllerWorld();
    world.create(core.nodes, { metadata: { name: 'node-1' } });
    world.create(core.services, service());
    await world.run(endpointSliceController, endpointsController);
    world.create(core.pods, { metadata: { name: 'a', namespace: 'default', labels: { app: 'web' } }, spec: { containers: [] } });
    await world.untilQuiet();
    const addresses = (): (string | undefined)[] => world.all(discovery.endpointslices).flatMap(({ endpoints }) => (endpoints ?? []).map((endpoint) => endpoint.addresses[0]));
    expect(addresses()).toHaveLength(1);
    const ready = world.get(core.pods, 'a').status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
    expect(ready).toBeDefined();
    for (const { metadata } of [world.get(core.endpoints, 'web'), ...world.all(discovery.endpointslices)]) expect(metadata.annotations).toEqual({ [TRIGGER]: ready });
    expect(world.get(core.endpoints, 'web').subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(addresses());
    const [slice] = world.all(discovery.endpointslices);
    world.api.delete(discovery.endpointslices, 'default', slice?.metadata.name ?? '');
    await world.settle();
    expect(addresses()).toHaveLength(1);
    world.change(core.pods, 'a', (object) => (object.metadata.labels = { app: 'other' }));
    await world.settle();
    expect(addresses()).toEqual([]);
    world.api.delete(core.services, 'default', 'web');
    await world.settle();
    expect(world.all(core.endpoints)).toEqual([]);
    expect(world.warnings).toEqual([]);
    await world.stop();
  });
});
