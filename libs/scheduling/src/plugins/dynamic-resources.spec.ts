import type { corev1, resourcev1 } from '@navarch/api';
import { schedulePod } from '../cycle/schedule-pod';
import type { NodeInfo } from '../state/node-info';
import { podInfo } from '../state/pod-info';
import { Reservations } from '../state/reservations';
import { cluster, node, only, placed, pod, scores } from '../testing/test-cluster';
import { dynamicResources } from './dynamic-resources';

const gpu: resourcev1.DeviceClass = { metadata: { name: 'gpu' }, spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] } };
const device = (name: string, memory = '8Gi', more: Partial<resourcev1.Device> = {}): resourcev1.Device =>
  ({ name, attributes: { model: { string: name.startsWith('big') ? 'big' : 'small' }, board: { string: name.slice(-1) }, version: { version: '1.2.3' } }, capacity: { memory: { value: memory } }, ...more });
const slice = (nodeName: string, devices: resourcev1.Device[], generation = 1): resourcev1.ResourceSlice =>
  ({ metadata: { name: `${nodeName}-${generation}` }, spec: { driver: 'gpu.example.com', nodeName, pool: { name: nodeName, generation, resourceSliceCount: 1 }, devices } });
const claim = (requests: resourcev1.DeviceRequest[], { name = 'c', status, constraints }: { name?: string; status?: resourcev1.ResourceClaimStatus; constraints?: resourcev1.DeviceConstraint[] } = {}): resourcev1.ResourceClaim =>
  ({ metadata: { name, namespace: 'default', uid: name, resourceVersion: '1' }, spec: { devices: { requests, ...(constraints === undefined ? {} : { constraints }) } }, ...(status === undefined ? {} : { status }) });
const one = (more: Partial<resourcev1.ExactDeviceRequest> = {}): resourcev1.DeviceRequest => ({ name: 'r', exactly: { deviceClassName: 'gpu', ...more } });
const cel = (expression: string): Partial<resourcev1.ExactDeviceRequest> => ({ selectors: [{ cel: { expression } }] });
const user = (resourceClaimName = 'c'): corev1.Pod => pod({ resourceClaims: [{ name: 'gpu', resourceClaimName }] });
const taken = (name: string): resourcev1.ResourceClaimStatus => ({ allocation: { devices: { results: [{ request: 'r', driver: 'gpu.example.com', pool: 'a', device: name }] } } });
const plugin = dynamicResources();
const profile = only(plugin);
const nodes = [node('a'), node('b')];
const nothing = '0/2 nodes are available: 2 cannot allocate all claims.';

describe('DynamicResources', () => {
  it.each<[string, resourcev1.ResourceClaim[], resourcev1.ResourceSlice[], string]>([
    ['goes where a device is', [claim([one()])], [slice('b', [device('x')])], 'b'],
    ['asks by attributes', [claim([one(cel('device.attributes["gpu.example.com"].model == "big"'))])], [slice('a', [device('small1')]), slice('b', [device('big1')])], 'b'],
    ['asks by capacity', [claim([one(cel('device.capacity["gpu.example.com"].memory.compareTo(quantity("10Gi")) >= 0'))])], [slice('a', [device('x')]), slice('b', [device('y', '16Gi')])], 'b'],
    ['asks by version', [claim([one(cel('device.attributes["gpu.example.com"].version.isGreaterThan(semver("1.0.0"))'))])], [slice('b', [device('x')])], 'b'],
    ['does not mind a domain that a device lacks', [claim([one(cel('!("x" in device.attributes["other.example.com"])'))])], [slice('b', [device('x')])], 'b'],
    ['counts devices', [claim([one({ count: 2 })])], [slice('a', [device('x')]), slice('b', [device('y'), device('z')])], 'b'],
    ['gives no device twice', [claim([one()]), claim([one()], { name: 'other', status: taken('x') })], [slice('a', [device('x')]), slice('b', [])], nothing],
    ['takes all there are', [claim([one({ allocationMode: 'All' })]), claim([one()], { name: 'other', status: taken('x') })], [slice('a', [device('x'), device('y')]), slice('b', [device('z')])], 'b'],
    ['looks where others look with admin access', [claim([one({ adminAccess: true })]), claim([one()], { name: 'other', status: taken('x') })], [slice('a', [device('x')])], 'a'],
    ['takes an alternative', [claim([{ name: 'r', firstAvailable: [{ name: 'big', deviceClassName: 'gpu', ...cel('device.attributes["gpu.example.com"].model == "big"') }, { name: 'any', deviceClassName: 'gpu' }] }])], [slice('b', [device('small1')])], 'b'],
    ['keeps a constraint', [claim([one({ count: 2 })], { constraints: [{ matchAttribute: 'gpu.example.com/board' }] })], [slice('a', [device('x1'), device('x2')]), slice('b', [device('y1'), device('z1')])], 'b'],
    ['believes only the latest of a pool', [claim([one()])], [slice('a', [device('x')], 1), slice('a', [], 2), slice('b', [device('y')])], 'b'],
    ['avoids tainted devices', [claim([one()])], [slice('a', [device('x', '8Gi', { taints: [{ key: 'broken', effect: 'NoSchedule' }] })]), slice('b', [device('y')])], 'b'],
    ['takes all there are only if it can have all', [claim([one({ allocationMode: 'All' })])], [slice('a', [device('x'), device('y', '8Gi', { taints: [{ key: 'broken', effect: 'NoSchedule' }] })]), slice('b', [device('z')])], 'b'],
    ['takes no more than fit into a claim', [claim([one({ allocationMode: 'All' })])], [slice('a', Array.from({ length: 33 }, (_none, at) => device(`x${at}`))), slice('b', [device('z')])], 'b'],
    ['takes nothing of a pool with one name twice', [claim([one()])], [slice('a', [device('x'), device('x')]), slice('b', [device('z')])], 'b'],
    ['says whose devices are of no use because a pool has one name twice', [claim([one()])], [slice('a', [device('x'), device('x')])], '0/2 nodes are available: 1 cannot allocate all claims, 1 invalid resource pools were encountered.'],
    ['takes nothing of a pool with more slices than its driver says', [claim([one()])], [slice('a', [device('x')]), slice('a', [device('y')]), slice('b', [device('z')])], 'b'],
    ['takes nothing of a pool that counts what it does not share', [claim([one()])], [slice('a', [device('x', '8Gi', { consumesCounters: [{ counterSet: 'board', counters: { memory: { value: '1Gi' } } }] })]), slice('b', [device('z')])], 'b'],
    ['tolerates them', [claim([one({ tolerations: [{ key: 'broken', operator: 'Exists' }] })])], [slice('a', [device('x', '8Gi', { taints: [{ key: 'broken', effect: 'NoSchedule' }] })])], 'a'],
    ['stays where its claim has devices', [claim([one()], { status: { allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] } } } })], [], 'b'],
    ['needs its claim', [], [], '0/2 nodes are available: resourceclaim "c" not found.'],
    ['needs its class', [claim([{ name: 'r', exactly: { deviceClassName: 'none' } }])], [], '0/2 nodes are available: request r: device class none does not exist.'],
    ['needs the class of every alternative', [claim([{ name: 'r', firstAvailable: [{ name: 'best', deviceClassName: 'none' }] }])], [], '0/2 nodes are available: request r/best: device class none does not exist.'],
  ])('%s', (_name, resourceClaims, resourceSlices, expected) => {
    expect(placed(user(), cluster(nodes, { resourceClaims, resourceSlices, deviceClasses: [gpu] }), profile)).toBe(expected);
  });

  it.each<[string, Partial<resourcev1.ExactDeviceRequest>, resourcev1.ResourceSlice, string]>([
    ['a selector fails', cel('device.attributes["gpu.example.com"].nope == "x"'), slice('a', [device('x')]), 'claim default/c: selector #0: CEL runtime error: no such key: nope'],
    ['all are wanted of a pool that changes', { allocationMode: 'All' }, { ...slice('a', [device('x')]), spec: { ...slice('a', [device('x')]).spec, pool: { name: 'a', generation: 1, resourceSliceCount: 2 } } }, 'claim default/c, request r: asks for all devices, but resource pool gpu.example.com/a is currently being updated'],
    ['all are wanted of a pool with one name twice', { allocationMode: 'All' }, slice('a', [device('x'), device('x')]), 'claim default/c, request r: asks for all devices, but resource pool gpu.example.com/a is currently invalid'],
  ])('says what is wrong when %s', (_name, request, offered, message) => {
    expect(() => placed(user(), cluster(nodes, { resourceClaims: [claim([one(request)])], resourceSlices: [offered], deviceClasses: [gpu] }), profile)).toThrow(`running "DynamicResources" filter plugin: ${message}`);
  });

  const slow = { bindingConditions: ['Attached'], bindingFailureConditions: ['Broken'] };
  /** A slice of a pool, `pool/slice`, with one device of the slice's name. */
  const part = (name: string, count = 1, more: Partial<resourcev1.Device> = {}): resourcev1.ResourceSlice => {
    const [pool = '', own = ''] = name.split('/');
    return { metadata: { name: own }, spec: { driver: 'gpu.example.com', nodeName: 'b', pool: { name: pool, generation: 1, resourceSliceCount: count }, devices: [device(own, '8Gi', more)] } };
  };
  it.each<[string, resourcev1.ResourceSlice[], string]>([
    ['a device that has to be made ready only if there is no other', [part('first/x', 1, slow), part('second/y')], 'y'],
    ['of the first pool first', [part('second/x'), part('first/y')], 'y'],
    ['of the first slice of a pool first', [part('pool/y', 2), part('pool/x', 2)], 'x'],
  ])('takes %s', (_name, resourceSlices, expected) => {
    const state = cluster(nodes, { resourceClaims: [claim([one()])], resourceSlices, deviceClasses: [gpu] });
    const info = podInfo(user());
    plugin.reserve?.(info, state.node('b') as NodeInfo, state);
    expect(state.reservations.deviceDecisions.get(info.uid)?.[0]?.status?.allocation?.devices?.results).toMatchObject([{ device: expected }]);
  });

  const onlyOn = (name: string, reservedFor?: resourcev1.ResourceClaimConsumerReference[]): resourcev1.ResourceClaimStatus =>
    ({ allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }] } }, ...(reservedFor === undefined ? {} : { reservedFor }) });
  it.each<[string, corev1.Pod, resourcev1.ResourceClaim[], string, boolean]>([
    ['that are where it cannot be', user(), [claim([one()], { status: onlyOn('gone') })], 'deallocation of ResourceClaim completed', true],
    ['but not those of another pod', user(), [claim([one()], { status: onlyOn('gone', [{ resource: 'pods', name: 'x', uid: 'x' }]) })], 'still not schedulable', false],
    ['but not if there are none', user(), [claim([one()])], 'still not schedulable', false],
    ['but not without claims', pod(), [], 'no new claims to deallocate', false],
  ])('gives up devices %s', (_name, candidate, resourceClaims, message, isReleased) => {
    const state = cluster(nodes, { resourceClaims, deviceClasses: [gpu] });
    const found = schedulePod(podInfo(candidate), state, { profile, startIndex: 0, random: () => 0 });
    const diagnosis = found.kind === 'refused' ? found.diagnosis : { nodes: 2, refusals: [], refusedBy: [] };
    const result = plugin.postFilter?.(podInfo(candidate), state, { diagnosis, ask: () => undefined, random: () => 0 });
    expect(result).toEqual({ message, ...(isReleased ? { release: { ...resourceClaims[0], status: {} } } : {}) });
  });

  const shared = (name: string, counters: string): resourcev1.Device => ({ ...device(name), consumesCounters: [{ counterSet: 'board', counters: { memory: { value: counters } } }] });
  const withCounters = (nodeName: string, devices: resourcev1.Device[]): resourcev1.ResourceSlice[] => [
    { metadata: { name: `${nodeName}-counters` }, spec: { driver: 'gpu.example.com', nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 2 }, sharedCounters: [{ name: 'board', counters: { memory: { value: '10Gi' } } }] } },
    { metadata: { name: `${nodeName}-devices` }, spec: { driver: 'gpu.example.com', nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 2 }, devices } },
  ];
  const sliced = (name: string, more: Partial<resourcev1.Device> = {}): resourcev1.Device => device(name, '10Gi', { allowMultipleAllocations: true, ...more });
  const asking = (memory: string, more: Partial<resourcev1.ExactDeviceRequest> = {}): resourcev1.DeviceRequest => one({ capacity: { requests: { memory } }, ...more });
  const share = (memory: string): resourcev1.ResourceClaimStatus => ({ allocation: { devices: { results: [{ request: 'r', driver: 'gpu.example.com', pool: 'a', device: 'x', shareID: '1', consumedCapacity: { memory } }] } } });
  const policy = (requestPolicy: resourcev1.CapacityRequestPolicy): Partial<resourcev1.Device> => ({ capacity: { memory: { value: '10Gi', requestPolicy } } });

  it.each<[string, resourcev1.ResourceClaim[], resourcev1.ResourceSlice[], string]>([
    ['gives parts of a device as long as its counters last', [claim([one()]), claim([one()], { name: 'other', status: taken('x') })], withCounters('a', [shared('x', '6Gi'), shared('y', '4Gi')]), 'a'],
    ['gives no part for which counters do not last', [claim([one()]), claim([one()], { name: 'other', status: taken('x') })], withCounters('a', [shared('x', '6Gi'), shared('y', '5Gi')]), nothing],
    ['finds parts that go together', [claim([one({ count: 2 })])], withCounters('a', [shared('x', '8Gi'), shared('y', '5Gi'), shared('z', '5Gi')]), 'a'],
    ['needs the counters of the whole pool', [claim([one()])], withCounters('a', [shared('x', '1Gi')]).slice(1), nothing],
    ['shares a device as long as its capacity lasts', [claim([asking('4Gi')]), claim([one()], { name: 'other', status: share('6Gi') })], [slice('a', [sliced('x')])], 'a'],
    ['shares no more of it than there is', [claim([asking('5Gi')]), claim([one()], { name: 'other', status: share('6Gi') })], [slice('a', [sliced('x')])], nothing],
    ['takes all of it if nothing else is said', [claim([one()]), claim([one()], { name: 'other', status: share('1Gi') })], [slice('a', [sliced('x')])], nothing],
    ['takes the device\'s default', [claim([one()]), claim([one()], { name: 'other', status: share('6Gi') })], [slice('a', [sliced('x', policy({ default: '4Gi' }))])], 'a'],
    ['rounds up to a portion', [claim([asking('3Gi')]), claim([one()], { name: 'other', status: share('6Gi') })], [slice('a', [sliced('x', policy({ default: '1Gi', validValues: ['1Gi', '5Gi'] }))])], nothing],
    ['rounds up to a step', [claim([asking('3Gi')]), claim([one()], { name: 'other', status: share('6Gi') })], [slice('a', [sliced('x', policy({ default: '1Gi', validRange: { min: '1Gi', step: '3Gi' } }))])], 'a'],
    ['asks for what no device has', [claim([one({ capacity: { requests: { cores: '1' } } })])], [slice('a', [sliced('x')]), slice('b', [device('y')])], nothing],
    ['asks one device for more than it has', [claim([asking('9Gi')])], [slice('a', [device('x', '8Gi')]), slice('b', [device('y', '9Gi')])], 'b'],
  ])('%s', (_name, resourceClaims, resourceSlices, expected) => {
    expect(placed(user(), cluster(nodes, { resourceClaims, resourceSlices, deviceClasses: [gpu] }), profile)).toBe(expected);
  });

  const reserved = (resourceClaim: resourcev1.ResourceClaim, resourceSlices: resourcev1.ResourceSlice[]): resourcev1.AllocationResult | undefined => {
    const state = cluster(nodes, { resourceClaims: [resourceClaim], resourceSlices, deviceClasses: [gpu] });
    const info = podInfo(user());
    expect(plugin.reserve?.(info, state.node('a') as NodeInfo, state)).toBeUndefined();
    return state.reservations.deviceDecisions.get(info.uid)?.[0]?.status?.allocation;
  };

  it('says what a share takes, and gives it a name', () => {
    expect(reserved(claim([asking('3Gi')]), [slice('a', [sliced('x')])])?.devices?.results).toEqual([expect.objectContaining({ device: 'x', consumedCapacity: { memory: '3Gi' }, shareID: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string })]);
  });

  it.each<{ reason: string; spec: Partial<resourcev1.ResourceSliceSpec>; device?: Partial<resourcev1.Device>; selector: corev1.NodeSelector | undefined }>([
    { reason: 'a device of the node', spec: { nodeName: 'a' }, selector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }] } },
    { reason: 'a device in reach of all', spec: { allNodes: true }, selector: undefined },
    { reason: 'a device that is bound to its first user\'s node', spec: { allNodes: true }, device: { bindsToNode: true }, selector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }] } },
    {
      reason: 'a device in reach of some', spec: { nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] }] } },
      selector: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] }] },
    },
  ])('binds a claim to where its devices are: $reason', ({ spec, device: more = {}, selector }) => {
    const offered: resourcev1.ResourceSlice = { metadata: { name: 's' }, spec: { driver: 'gpu.example.com', pool: { name: 'a', generation: 1, resourceSliceCount: 1 }, devices: [device('x', '8Gi', more)], ...spec } };
    expect(reserved(claim([one()]), [offered])?.nodeSelector).toEqual(selector);
  });

  it('likes nodes where a claim gets what it would rather have', () => {
    const either = claim([{ name: 'r', firstAvailable: [{ name: 'big', deviceClassName: 'gpu', selectors: [{ cel: { expression: 'device.attributes["gpu.example.com"].model == "big"' } }] }, { name: 'any', deviceClassName: 'gpu' }] }]);
    const resourceSlices = [slice('a', [device('small1')]), slice('b', [device('small2'), device('big1')])];
    // The second of at most eight, and the first.
    expect(scores(user(), cluster(nodes, { resourceClaims: [either], resourceSlices, deviceClasses: [gpu] }), plugin)).toEqual({ a: 87, b: 100 });
    expect(scores(user(), cluster(nodes, { resourceClaims: [claim([one()])], resourceSlices, deviceClasses: [gpu] }), plugin)).toEqual({});
  });

  it('tells the driver of the alternative that was taken', () => {
    const configured: resourcev1.DeviceClass = { ...gpu, spec: { ...gpu.spec, config: [{ opaque: { driver: 'gpu.example.com', parameters: {} } }] } };
    const state = cluster(nodes, { resourceClaims: [claim([{ name: 'r', firstAvailable: [{ name: 'two', deviceClassName: 'gpu', count: 2 }, { name: 'one', deviceClassName: 'gpu' }] }])], resourceSlices: [slice('a', [device('x')])], deviceClasses: [configured] });
    const info = podInfo(user());
    expect(plugin.reserve?.(info, state.node('a') as NodeInfo, state)).toBeUndefined();
    expect(state.reservations.deviceDecisions.get(info.uid)?.[0]?.status?.allocation?.devices?.config).toEqual([{ source: 'FromClass', requests: ['r/one'], opaque: { driver: 'gpu.example.com', parameters: {} } }]);
  });

  it('looks with admin access at no device twice', () => {
    const state = cluster(nodes, { resourceClaims: [claim([one({ adminAccess: true, count: 2 })])], resourceSlices: [slice('a', [device('x'), device('y')])], deviceClasses: [gpu] });
    const info = podInfo(user());
    plugin.reserve?.(info, state.node('a') as NodeInfo, state);
    expect(state.reservations.deviceDecisions.get(info.uid)?.[0]?.status?.allocation?.devices?.results?.map((result) => result.device)).toEqual(['x', 'y']);
  });

  it('counts on what was decided, though the latest news of a claim is that it got its finalizer', () => {
    const [first, second] = [claim([one()]), claim([one()], { name: 'other' })];
    const shown = new Map([['c', first], ['other', second]]);
    const state = cluster(nodes, { resourceSlices: [slice('a', [device('x')])], deviceClasses: [gpu] });
    Object.assign(state.objects, { resourceClaims: { get: ({ name }: { name: string }) => shown.get(name), list: () => [...shown.values()] } });
    const reservations = new Reservations(state.objects);
    Object.assign(state, { reservations });
    const info = podInfo(pod({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] }));
    expect(plugin.reserve?.(info, state.node('a') as NodeInfo, state)).toBeUndefined();
    shown.set('c', { ...first, metadata: { ...first.metadata, resourceVersion: '2', finalizers: ['resource.kubernetes.io/delete-protection'] } });
    expect(placed(user('other'), state, profile)).toBe(nothing);
    expect(placed(user('c'), state, profile)).toBe('a');
    plugin.unreserve?.(info, state);
    expect(placed(user('other'), state, profile)).toBe('a');
  });

  describe('a device that has to be made ready', () => {
    const attaching = device('x', '8Gi', { bindingConditions: ['Attached'], bindingFailureConditions: ['AttachFailed'] });
    const run = async (conditionType: string | undefined, readied = plugin): Promise<{ outcome: unknown; written: resourcev1.ResourceClaim[]; timeoutMs: number }> => {
      let limitMs = 0;
      const state = cluster(nodes, { resourceClaims: [claim([one()])], resourceSlices: [slice('a', [attaching])], deviceClasses: [gpu] });
      const info = podInfo(user());
      readied.reserve?.(info, state.node('a') as NodeInfo, state);
      const written: resourcev1.ResourceClaim[] = [];
      const keep = (_type: unknown, object: resourcev1.ResourceClaim): Promise<resourcev1.ResourceClaim> => {
        written.push(object);
        return Promise.resolve(object);
      };
      // The driver answers once it has seen the allocation.
      const until = async (condition: () => boolean, timeoutMs: number): Promise<void> => {
        limitMs = timeoutMs;
        const latest = written.at(-1) as resourcev1.ResourceClaim;
        const conditions = conditionType === undefined ? [] : [{ type: conditionType, status: 'True', reason: 'r', message: 'the "m"', lastTransitionTime: '2026-01-01T00:00:00Z' }];
        const answered = { ...latest, status: { ...latest.status, devices: [{ driver: 'gpu.example.com', pool: 'a', device: 'x', conditions }] } };
        Object.assign(state.objects.resourceClaims, { get: () => answered });
        if (!condition()) throw Object.assign(new Error('too late'), { code: 'TimedOut' });
        return Promise.resolve();
      };
      const api = { update: keep, updateStatus: keep, get: () => Promise.resolve(written.at(-1)) } as never;
      const outcome = await readied.preBind?.(info, 'a', { api, state, signal: new AbortController().signal, now: () => Date.parse('2026-01-01T00:00:00Z'), until }).then(() => 'bound', (error: unknown) => error);
      return { outcome, written, timeoutMs: limitMs };
    };

    it('is waited for', async () => {
      const { outcome, written } = await run('Attached');
      expect(outcome).toBe('bound');
      expect(written.at(-1)?.status?.allocation).toMatchObject({ allocationTimestamp: '2026-01-01T00:00:00Z', devices: { results: [{ bindingConditions: ['Attached'], bindingFailureConditions: ['AttachFailed'] }] } });
    });

    it('is waited for as long as the configuration says', async () => {
      expect((await run('Attached')).timeoutMs).toBe(600_000);
      expect((await run('Attached', dynamicResources({ bindingTimeoutMs: 5_000 }))).timeoutMs).toBe(5_000);
    });

    it.each([['AttachFailed', 'device binding failed: claim=c, reason=r, message="the \\"m\\""'], [undefined, 'device binding timeout: claim=c']])('is given up when it fails or takes too long: %s', async (condition, message) => {
      const { outcome, written } = await run(condition);
      expect(outcome).toMatchObject({ message });
      expect(written.at(-1)?.status).toEqual({});
    });
  });

  describe('a search for devices that takes long', () => {
    // Each of the devices is tried with each other: no two are on one board.
    const many = slice('a', Array.from({ length: 20 }, (_none, index) => device(`d${index}`, '8Gi', { attributes: { board: { int: index } } })));
    const hard = claim([one({ count: 2 })], { constraints: [{ matchAttribute: 'gpu.example.com/board' }] });
    /** Every look at the clock takes a second. */
    const search = (filterTimeoutMs?: number): string => {
      let now = 0;
      const slow = dynamicResources(filterTimeoutMs === undefined ? {} : { filterTimeoutMs }, { monotonic: () => (now += 1_000) });
      return placed(user(), cluster([node('a')], { resourceClaims: [hard], resourceSlices: [many], deviceClasses: [gpu] }), only(slow));
    };

    it('ends after the time that the configuration allows, and the pod is tried again', () => {
      expect(() => search(1_500)).toThrow('running "DynamicResources" filter plugin: node a: timed out trying to allocate devices');
    });

    it.each<[string, number | undefined, string]>([
      ['may take ten seconds without one', undefined, '0/1 nodes are available: 1 cannot allocate all claims.'],
      ['may take as long as it takes with 0', 0, '0/1 nodes are available: 1 cannot allocate all claims.'],
    ])('%s', (_name, filterTimeoutMs, expected) => {
      expect(search(filterTimeoutMs)).toBe(expected);
    });
  });

  it('gives up a first choice that leaves nothing for the second request', () => {
    const any = { ...one(), name: 'any' };
    const big = { ...one(cel('device.attributes["gpu.example.com"].model == "big"')), name: 'big' };
    expect(placed(user(), cluster(nodes, { resourceClaims: [claim([any, big])], resourceSlices: [slice('b', [device('big1'), device('small1')])], deviceClasses: [gpu] }), profile)).toBe('b');
  });

  it('counts on a decision, and writes it down before the pod is bound', async () => {
    const state = cluster(nodes, { resourceClaims: [claim([one()]), claim([one()], { name: 'second' })], resourceSlices: [slice('a', [device('x')])], deviceClasses: [gpu] });
    const info = podInfo(user());
    expect(plugin.reserve?.(info, state.node('a') as NodeInfo, state)).toBeUndefined();
    expect(placed(user('second'), state, profile)).toContain('cannot allocate all claims');
    const written: resourcev1.ResourceClaim[] = [];
    const keep = (_type: unknown, object: resourcev1.ResourceClaim): Promise<resourcev1.ResourceClaim> => {
      written.push(object);
      return Promise.resolve(object);
    };
    await plugin.preBind?.(info, 'a', { api: { update: keep, updateStatus: keep } as never, state, signal: new AbortController().signal, now: () => 0, until: () => Promise.resolve() });
    expect(written[0]?.metadata.finalizers).toEqual(['resource.kubernetes.io/delete-protection']);
    expect(written[1]?.status).toMatchObject({ reservedFor: [{ resource: 'pods', uid: info.uid }], allocation: { devices: { results: [{ request: 'r', pool: 'a', device: 'x' }] } } });
    plugin.unreserve?.(info, state);
    expect(placed(user('second'), state, profile)).toBe('a');
  });

  it('looks up once a cycle what claims have, however many nodes there are', () => {
    const state = cluster(nodes, { resourceClaims: [claim([one()])], resourceSlices: [slice('a', [device('x')]), slice('b', [device('y')])], deviceClasses: [gpu] });
    const lookedUp = jest.spyOn(state.reservations, 'claimsWithDevices');
    placed(user(), state, profile);
    expect(lookedUp).toHaveBeenCalledTimes(1);
  });

  it('knows of a claim at any time what decisions give it', () => {
    const state = cluster(nodes, { resourceClaims: [claim([one()])] });
    const { reservations } = state;
    const given = (): (number | undefined)[] => [reservations.resourceClaim({ namespace: 'default', name: 'c' })?.status?.reservedFor?.length, reservations.claimsWithDevices().filter(({ status }) => status?.allocation !== undefined).length];
    const decide = (...users: string[]): resourcev1.ResourceClaim[] => [claim([one()], { status: { ...taken('x'), reservedFor: users.map((name) => ({ name, uid: name, resource: 'pods' })) } })];
    const seen = [given()];
    for (const [uid, decision] of [['p', decide('p')], ['q', decide('p', 'q')]] as const) {
      reservations.deviceDecisions.set(uid, decision);
      seen.push(given());
    }
    for (const uid of ['q', 'p']) {
      reservations.deviceDecisions.delete(uid);
      seen.push(given());
    }
    expect(seen).toEqual([[undefined, 0], [1, 1], [2, 1], [1, 1], [undefined, 0]]);
  });
});
