import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { deviceTaintEvictionController } from './controller';
import { deviceEvictionTime, DeviceTaints } from './sync';

type Claim = resourcev1.ResourceClaim;
type Toleration = resourcev1.DeviceToleration;

const at = (second: number): number => Date.parse('2026-01-01T00:00:00Z') + second * 1000;
const taint = (second: number, more: Partial<resourcev1.DeviceTaint> = {}): resourcev1.DeviceTaint => ({ key: 'broken', effect: 'NoExecute', timeAdded: formatTime(at(second)), ...more });
const slice = (generation: number, taints: readonly resourcev1.DeviceTaint[], name = `slice-${generation}`): resourcev1.ResourceSlice => ({
  metadata: { name }, spec: { driver: 'gpu.example.com', nodeName: 'node-1', pool: { name: 'node-1', generation, resourceSliceCount: 1 }, devices: [{ name: 'gpu-0', taints: [...taints] }] },
});
const claim = (uid: string, tolerations: readonly Toleration[] = []): Claim => ({
  metadata: { name: 'gpu', namespace: 'default' }, spec: {},
  status: { allocation: { devices: { results: [{ request: 'r', driver: 'gpu.example.com', pool: 'node-1', device: 'gpu-0', tolerations: [...tolerations] }] } }, reservedFor: [{ resource: 'pods', name: 'p', uid }] },
});
const pod = (more: Partial<corev1.PodSpec> = {}): corev1.Pod => ({ metadata: { name: 'p', namespace: 'default', uid: 'u' }, spec: { nodeName: 'node-1', containers: [], resourceClaims: [{ name: 'card', resourceClaimName: 'gpu' }], ...more } });

describe('the time of a pod with devices', () => {
  const tolerates = (more: Partial<Toleration> = {}): Toleration => ({ key: 'broken', operator: 'Exists', effect: 'NoExecute', ...more });
  it.each<{ reason: string; taints?: readonly resourcev1.DeviceTaint[]; tolerations?: readonly Toleration[]; given?: corev1.Pod; uid?: string; expected: number | undefined }>([
    { reason: 'never comes without taints', taints: [], expected: undefined },
    { reason: 'is that of the taint', expected: at(5) },
    { reason: 'is that of the first of several', taints: [taint(9), taint(7, { key: 'hot' })], expected: at(7) },
    { reason: 'does not come for other effects', taints: [taint(5, { effect: 'NoSchedule' }), taint(5, { effect: 'None' })], expected: undefined },
    { reason: 'does not come for what is tolerated for good', tolerations: [tolerates()], expected: undefined },
    { reason: 'is that much later that it is tolerated, the shortest', tolerations: [tolerates({ tolerationSeconds: 30 }), tolerates({ tolerationSeconds: 20 })], expected: at(25) },
    { reason: 'is not in the past of the taint', tolerations: [tolerates({ tolerationSeconds: -3 })], expected: at(5) },
    { reason: 'is not put off by a toleration of another value', tolerations: [{ key: 'broken', value: 'x', effect: 'NoExecute' }], expected: at(5) },
    { reason: 'is not put off by a toleration without an effect', tolerations: [{ key: 'broken', operator: 'Exists' }], expected: at(5) },
    { reason: 'does not come before it has a node', given: pod({ nodeName: '' }), expected: undefined },
    { reason: 'does not come for a claim that is reserved for another', uid: 'other', expected: undefined },
    { reason: 'does not come for a claim that was not made for it', given: pod({ resourceClaims: [{ name: 'card', resourceClaimTemplateName: 't' }] }), expected: undefined },
  ])('$reason', ({ taints = [taint(5)], tolerations, given = pod(), uid = 'u', expected }) => {
    const devices = new DeviceTaints([slice(1, taints)]);
    const templated = { ...given, status: { resourceClaimStatuses: [{ name: 'card', resourceClaimName: 'gpu' }] } };
    expect(deviceEvictionTime(templated, () => claim(uid, tolerations), (device) => devices.of(device), at(0))).toBe(expected);
  });

  it('goes by the latest generation of a pool', () => {
    const devices = new DeviceTaints([slice(2, []), slice(1, [taint(5)])]);
    expect(deviceEvictionTime(pod(), () => claim('u'), (device) => devices.of(device), at(0))).toBeUndefined();
  });
});

describe('a pod whose device is tainted', () => {
  let world: ControllerWorld;
  beforeEach(async () => {
    world = new ControllerWorld();
    const { metadata: { uid = '' } } = world.create(core.pods, pod());
    world.create(dra.resourceclaims, claim(uid, [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }]));
    world.create(dra.resourceslices, slice(1, [], 'slice'));
    await world.run(deviceTaintEvictionController);
  });
  afterEach(() => world.stop());
  const setTaints = (...taints: resourcev1.DeviceTaint[]): void => world.change(dra.resourceslices, 'slice', ({ spec }) => (spec.devices![0]!.taints = taints));

  it('goes when the time it tolerates that is over', async () => {
    setTaints({ key: 'broken', effect: 'NoExecute', timeAdded: formatTime(world.clock.now()) });
    await world.clock.advance(29_000);
    await world.settle();
    expect(world.get(core.pods, 'p').metadata.deletionTimestamp).toBeUndefined();
    const ended: corev1.Pod[] = [];
    world.api.onEvent(({ resource, object }) => {
      if (resource === '/pods') ended.push(object);
    });
    await world.clock.advance(2_000);
    await world.settle();
    expect(ended[0]?.status?.conditions).toMatchObject([{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByDeviceTaintManager', message: 'Device Taint manager: deleting due to NoExecute taint' }]);
    expect(world.all(core.pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toEqual([]);
    expect(world.eventsOf('p')).toEqual(['DeviceTaintManagerEviction: Marking for deletion']);
    expect(await world.metric('device_taint_eviction_controller_pod_deletions_total')).toEqual({ '': 1 });
    expect(await world.registry.metrics()).toContain('device_taint_eviction_controller_pod_deletion_duration_seconds_count 1');
  });

  it('stays when the taint goes in time', async () => {
    setTaints({ key: 'broken', effect: 'NoExecute', timeAdded: formatTime(world.clock.now()) });
    await world.clock.advance(10_000);
    setTaints();
    await world.settle();
    await world.clock.advance(60_000);
    await world.settle();
    expect(world.get(core.pods, 'p').metadata.deletionTimestamp).toBeUndefined();
    expect(world.eventsOf('p')).toEqual(['DeviceTaintManagerEviction: Cancelling deletion']);
  });
});
