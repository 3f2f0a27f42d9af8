import type { corev1, resourcev1 } from '@navarch/api';
import type { NodeInfo } from '../state/node-info';
import { podInfo } from '../state/pod-info';
import { cluster, node, only, placed, pod } from '../testing/test-cluster';
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
const profile = only(dynamicResources);
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
    ['tolerates them', [claim([one({ tolerations: [{ key: 'broken', operator: 'Exists' }] })])], [slice('a', [device('x', '8Gi', { taints: [{ key: 'broken', effect: 'NoSchedule' }] })])], 'a'],
    ['stays where its claim has devices', [claim([one()], { status: { allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] } } } })], [], 'b'],
    ['needs its claim', [], [], '0/2 nodes are available: resourceclaim "c" not found.'],
    ['needs its class', [claim([{ name: 'r', exactly: { deviceClassName: 'none' } }])], [], '0/2 nodes are available: request r: device class none does not exist.'],
  ])('%s', (_name, resourceClaims, resourceSlices, expected) => {
    expect(placed(user(), cluster(nodes, { resourceClaims, resourceSlices, deviceClasses: [gpu] }), profile)).toBe(expected);
  });

  it('gives up a first choice that leaves nothing for the second request', () => {
    const any = { ...one(), name: 'any' };
    const big = { ...one(cel('device.attributes["gpu.example.com"].model == "big"')), name: 'big' };
    expect(placed(user(), cluster(nodes, { resourceClaims: [claim([any, big])], resourceSlices: [slice('b', [device('big1'), device('small1')])], deviceClasses: [gpu] }), profile)).toBe('b');
  });

  it('counts on a decision, and writes it down before the pod is bound', async () => {
    const state = cluster(nodes, { resourceClaims: [claim([one()]), claim([one()], { name: 'second' })], resourceSlices: [slice('a', [device('x')])], deviceClasses: [gpu] });
    const info = podInfo(user());
    expect(dynamicResources.reserve?.(info, state.node('a') as NodeInfo, state)).toBeUndefined();
    expect(placed(user('second'), state, profile)).toContain('cannot allocate all claims');
    const written: resourcev1.ResourceClaim[] = [];
    const keep = (_type: unknown, object: resourcev1.ResourceClaim): Promise<resourcev1.ResourceClaim> => {
      written.push(object);
      return Promise.resolve(object);
    };
    await dynamicResources.preBind?.(info, 'a', { api: { update: keep, updateStatus: keep } as never, state, signal: new AbortController().signal, now: () => 0, until: () => Promise.resolve() });
    expect(written[0]?.metadata.finalizers).toEqual(['resource.kubernetes.io/delete-protection']);
    expect(written[1]?.status).toMatchObject({ reservedFor: [{ resource: 'pods', uid: info.uid }], allocation: { devices: { results: [{ request: 'r', pool: 'a', device: 'x' }] } } });
    dynamicResources.unreserve?.(info, state);
    expect(placed(user('second'), state, profile)).toBe('a');
  });
});
