import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { ruleSelects } from '@navarch/scheduling';
import { ControllerWorld } from '../../testing/controller-world';
import { deviceTaintEvictionController } from './controller';
import { DeviceTaints, type Rule } from './device-taints';
import { ruleCondition, type RuleEffects } from './rule-condition';
import { deviceEviction } from './sync';

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
    expect(deviceEviction(templated, () => claim(uid, tolerations), (device) => devices.of(device), at(0))?.atMs).toBe(expected);
  });

  it('goes by the latest generation of a pool', () => {
    const devices = new DeviceTaints([slice(2, []), slice(1, [taint(5)])]);
    expect(deviceEviction(pod(), () => claim('u'), (device) => devices.of(device), at(0))).toBeUndefined();
  });
});

describe('a rule about devices', () => {
  const rule = (deviceSelector: Rule['spec']['deviceSelector'], effect = 'NoExecute'): Rule => ({ metadata: { name: 'r', uid: 'rule', generation: 2 }, spec: { ...(deviceSelector === undefined ? {} : { deviceSelector }), taint: { ...taint(7), effect } } });
  const device = { driver: 'gpu.example.com', pool: 'node-1', device: 'gpu-0' };
  it.each<{ reason: string; selector: Rule['spec']['deviceSelector']; expected: boolean }>([
    { reason: 'that selects nothing is about none', selector: undefined, expected: false },
    { reason: 'without conditions is about all', selector: {}, expected: true },
    { reason: 'is about those of its driver', selector: { driver: 'gpu.example.com' }, expected: true },
    { reason: 'is not about those of another', selector: { driver: 'x.example.com' }, expected: false },
    { reason: 'is not about those of another pool', selector: { driver: 'gpu.example.com', pool: 'node-2' }, expected: false },
    { reason: 'is about one of a pool', selector: { pool: 'node-1', device: 'gpu-0' }, expected: true },
    { reason: 'is not about another', selector: { device: 'gpu-1' }, expected: false },
  ])('$reason', ({ selector, expected }) => expect(ruleSelects(rule(selector), device)).toBe(expected));

  it('is a cause beside the taints of drivers, of devices that are not offered too', () => {
    const evicted = (slices: resourcev1.ResourceSlice[], given: Rule): ReturnType<typeof deviceEviction> => {
      const devices = new DeviceTaints(slices, [given]);
      return deviceEviction({ ...pod(), status: { resourceClaimStatuses: [{ name: 'card', resourceClaimName: 'gpu' }] } }, () => claim('u'), (one) => devices.of(one), at(0));
    };
    expect(evicted([slice(1, [taint(5)])], rule({}))).toEqual({ atMs: at(5), rules: new Set(['rule']) });
    expect(evicted([], rule({}))).toEqual({ atMs: at(7), rules: new Set(['rule']) });
    expect(evicted([slice(1, [])], rule({}, 'None'))).toBeUndefined();
  });

  const none: RuleEffects = { pendingPods: 0, pendingNamespaces: 0, publishedDevices: 0, allocatedDevices: 0, evictedPods: 0 };
  it.each<{ reason: string; effect?: string; effects: Partial<RuleEffects>; expected: string }>([
    { reason: 'has not started', effects: {}, expected: 'False NotStarted: ' },
    { reason: 'has one pod to go', effects: { pendingPods: 1, pendingNamespaces: 1 }, expected: 'True PodsPendingEviction: 1 pod needs to be evicted in 1 namespace.' },
    { reason: 'has pods to go, and others that went', effects: { pendingPods: 3, pendingNamespaces: 2, evictedPods: 1 }, expected: 'True PodsPendingEviction: 3 pods need to be evicted in 2 different namespaces. 1 pod evicted since starting the controller.' },
    { reason: 'is done', effects: { evictedPods: 2 }, expected: 'False Completed: 2 pods evicted since starting the controller.' },
    { reason: 'that keeps pods off evicts none', effect: 'NoSchedule', effects: {}, expected: 'False OtherEffect: Eviction only happens for the NoExecute effect.' },
    {
      reason: 'without effect tells what it would do', effect: 'None', effects: { pendingPods: 1, pendingNamespaces: 1, publishedDevices: 2, allocatedDevices: 1 },
      expected: 'False NoEffect: 2 published devices selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace if the effect was NoExecute. This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.',
    },
  ])('$reason', ({ effect, effects, expected }) => {
    const { type, status, reason, message, observedGeneration } = ruleCondition(rule({}, effect), { ...none, ...effects });
    expect(`${status} ${reason}: ${message}`).toBe(expected);
    expect({ type, observedGeneration }).toEqual({ type: 'EvictionInProgress', observedGeneration: 2 });
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

  it('goes for a rule, which tells of it', async () => {
    const conditions = (): string[] => (world.get(dra.devicetaintrules, 'broken').status?.conditions ?? []).map(({ status, reason, message }) => `${status} ${reason}: ${message}`);
    world.create(dra.devicetaintrules, { metadata: { name: 'broken' }, spec: { deviceSelector: { driver: 'gpu.example.com' }, taint: { key: 'broken', effect: 'NoExecute', timeAdded: formatTime(world.clock.now()) } } });
    await world.settle();
    expect(conditions()).toEqual(['True PodsPendingEviction: 1 pod needs to be evicted in 1 namespace.']);
    await world.clock.advance(31_000);
    world.runPods();
    await world.settle();
    expect(world.all(core.pods)).toEqual([]);
    await world.clock.advance(11_000);
    await world.settle();
    expect(conditions()).toEqual(['False Completed: 1 pod evicted since starting the controller.']);
  });

  it('stays for a rule without effect, which tells what it would do', async () => {
    world.create(dra.devicetaintrules, { metadata: { name: 'trial' }, spec: { deviceSelector: {}, taint: { key: 'broken', effect: 'None', timeAdded: formatTime(world.clock.now()) } } });
    await world.clock.advance(60_000);
    await world.settle();
    expect(world.get(dra.devicetaintrules, 'trial').status?.conditions?.[0]?.message).toMatch(/^1 published device selected\. 1 allocated device selected\. 1 pod would be evicted in 1 namespace if/);
    expect(world.get(core.pods, 'p').metadata.deletionTimestamp).toBeUndefined();
  });
});
