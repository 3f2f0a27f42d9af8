import { core, resource } from '@navarch/api';
import { internalError, notFound } from '@navarch/apimachinery';
import { ClusterState } from '@navarch/scheduling';
import { BindingChecks } from '../testing/binding-checks';
import { SchedulerWorld } from '../testing/scheduler-world';

const gangs = 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}}, pluginConfig: [{name: GangScheduling, args: {timeoutSeconds: 30}}]}]';
const device = { name: 'x', bindingConditions: ['Attached'], bindingFailureConditions: ['Broken'] };

/** Writes to pods, as `pod: what was written`. */
function writesOf(world: SchedulerWorld): string[] {
  const writes: string[] = [];
  new BindingChecks(world).onWrite = ({ operation }) => {
    const name = operation?.value.key?.name ?? '';
    if (operation?.value.key?.resource?.resource !== 'pods') return;
    if (operation.$case === 'create') writes.push(`${name}: ${operation.value.subresource}`);
    if (operation.$case === 'patch') writes.push(`${name}: ${operation.value.patch.toString()}`);
  };
  return writes;
}

function withDevice(world: SchedulerWorld): void {
  world.node('a');
  world.create(resource.resourceslices, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 'a' },
    spec: { driver: 'gpu.example.com', nodeName: 'a', pool: { name: 'a', generation: 1, resourceSliceCount: 1 }, devices: [device] },
  });
  world.create(resource.deviceclasses, { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: {} });
  world.create(resource.resourceclaims, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'c', namespace: 'default' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } });
}

function report(world: SchedulerWorld, type: string): void {
  const claim = world.api.get(resource.resourceclaims, 'default', 'c');
  const now = '2026-01-01T00:00:00Z';
  Object.assign(claim, {
    status: {
      ...(claim as { status?: object }).status,
      devices: [
        { driver: 'gpu.example.com', pool: 'a', device: 'x', conditions: [{ type, status: 'True', reason: 'Test', message: '', lastTransitionTime: now }] },
      ],
    },
  });
  world.api.update(resource.resourceclaims, 'default', 'c', 'status', claim);
}

describe('the node where a pod is expected', () => {
  let world: SchedulerWorld;
  const nominated = (name: string): string | undefined => world.get(name).status?.nominatedNodeName;
  /** What another component writes. */
  const expects = (name: string, nominatedNodeName?: string): void => {
    const pod = world.get(name);
    pod.status = { ...pod.status };
    if (nominatedNodeName === undefined) delete pod.status.nominatedNodeName;
    else pod.status.nominatedNodeName = nominatedNodeName;
    world.api.update(core.pods, 'default', name, 'status', pod);
  };
  afterEach(() => world.stop());

  it('is not written for a pod that can be bound at once: nothing is written but the binding', async () => {
    world = new SchedulerWorld({ configuration: gangs });
    const writes = writesOf(world);
    world.node('a');
    world.pod('web');
    await world.lead();
    expect(world.nodeOf('web')).toBe('a');
    expect(writes).toEqual(['web: binding']);
  });

  /** A gang of two: there is a place on `b`, and `low` must go from `a`. */
  const gangThatWaits = async (): Promise<void> => {
    world.node('a', '1');
    world.pod('low', '1');
    await world.lead();
    world.node('b', '1');
    for (const name of ['one', 'two']) {
      world.create(core.pods, {
        apiVersion: 'v1', kind: 'Pod', status: { phase: 'Pending' }, spec: { priority: 10, containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '1' } } }] },
        metadata: { name, namespace: 'default', labels: { 'scheduling.x-k8s.io/pod-group': 'team' }, annotations: { 'scheduling.navarch.io/min-count': '2' } },
      });
    }
    await world.settle();
  };
  const waiting = (): string => ['one', 'two'].find((name) => nominated(name) === 'b') ?? '';

  it('is written before a pod waits for others, and goes when it is bound', async () => {
    world = new SchedulerWorld({ configuration: gangs });
    const writes = writesOf(world);
    await gangThatWaits();
    expect([nominated('one'), nominated('two')].sort()).toEqual(['a', 'b']);
    expect([world.nodeOf('one'), world.nodeOf('two')]).toEqual(['', '']);
    world.finish('low');
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect([world.nodeOf('one'), world.nodeOf('two')].sort()).toEqual(['a', 'b']);
    expect([nominated('one'), nominated('two')]).toEqual([undefined, undefined]);
    expect(writes.filter((write) => write.includes('"nominatedNodeName":"')).map((write) => write.split(':')[0]).sort()).toEqual(['one', 'two']);
  });

  it('is taken back when the wait was for nothing', async () => {
    world = new SchedulerWorld({ configuration: gangs });
    const writes = writesOf(world);
    await gangThatWaits();
    const first = waiting();
    await world.clock.advance(30_000);
    await world.settle();
    expect(world.events).toContainEqual({ pod: first, reason: 'FailedScheduling', message: '0/1 nodes are available: 1 rejected due to timeout after waiting 30s at plugin GangScheduling.' });
    // It may be expected somewhere again: it is tried anew at once.
    expect(writes.filter((write) => write.startsWith(first) && write.includes('nominatedNodeName')).slice(0, 2).map((write) => /"nominatedNodeName":("b"|null)/.exec(write)?.[1])).toEqual(['"b"', 'null']);
  });

  it('is written before work is done for a pod', async () => {
    world = new SchedulerWorld();
    withDevice(world);
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    await world.lead();
    expect([nominated('web'), world.nodeOf('web')]).toEqual(['a', '']);
    report(world, 'Attached');
    await world.settle();
    expect([nominated('web'), world.nodeOf('web')]).toEqual([undefined, 'a']);
    expect(world.events[0]).toEqual({ pod: 'web', reason: 'BindingConditionsPending', message: 'waiting for binding conditions for device on node a' });
    expect(await world.metric('scheduler_dra_bindingconditions_allocations_total')).toEqual({ 'default-scheduler/gpu.example.com/success': 1 });
  });

  it('is taken back when that work fails', async () => {
    world = new SchedulerWorld();
    withDevice(world);
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    await world.lead();
    report(world, 'Broken');
    await world.settle();
    expect([nominated('web'), world.nodeOf('web')]).toEqual([undefined, '']);
    expect(world.messageOf('web')).toMatch(/^running PreBind plugin "DynamicResources": device binding failed: claim=c, /);
    expect(await world.metric('scheduler_dra_bindingconditions_allocations_total')).toEqual({ 'default-scheduler/gpu.example.com/failure': 1 });
  });

  it('is taken back when a more important pod takes its place: it is tried again, not deleted', async () => {
    world = new SchedulerWorld();
    withDevice(world);
    world.pod('web', '1', { priority: 1, resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    await world.lead();
    expect(nominated('web')).toBe('a');
    world.pod('high', '4', { priority: 10 });
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect([nominated('web'), world.nodeOf('web'), world.nodeOf('high')]).toEqual([undefined, '', 'a']);
    expect(world.events).toContainEqual({ pod: 'web', reason: 'Preempted', message: `Preempted by pod ${world.get('high').metadata.uid ?? ''} on node a` });
    expect(world.events).toContainEqual({ pod: 'web', reason: 'FailedScheduling', message: 'running PreBind plugin "DynamicResources": preempted' });
    expect(world.get('web').metadata.deletionTimestamp).toBeUndefined();
  });

  it('is taken back when a more important pod takes its place while it waits for others', async () => {
    world = new SchedulerWorld({ configuration: gangs });
    await gangThatWaits();
    const first = waiting();
    world.pod('high', '1', { priority: 100, nodeSelector: { 'kubernetes.io/hostname': 'b' } });
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect([nominated(first), world.nodeOf(first), world.nodeOf('high')]).toEqual([undefined, '', 'b']);
    expect(world.events).toContainEqual({ pod: first, reason: 'FailedScheduling', message: 'waiting on permit for pod: preempted' });
  });

  it.each([
    ['a claim that is gone', 'updateStatus of resourceclaims', notFound(resource.resourceclaims, 'c'), 'running PreBind plugin "DynamicResources": '],
    ['a binding that the API refuses', 'create of pods', internalError('out of order'), 'running Bind plugin "DefaultBinder": '],
  ])('does not keep a pod from being tried again after %s', async (_name, write, error, message) => {
    world = new SchedulerWorld();
    withDevice(world);
    let failures = 1;
    new BindingChecks(world).onWrite = ({ operation }) => {
      const kind = operation?.value.key?.resource?.resource ?? '';
      if (`${operation?.$case === 'update' ? 'updateStatus' : (operation?.$case ?? '')} of ${kind}` === write && failures-- > 0) throw error;
    };
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    await world.lead();
    report(world, 'Attached');
    await world.settle();
    expect(world.messageOf('web')).toContain(message);
    await world.clock.advance(10_000);
    await world.settle();
    report(world, 'Attached');
    await world.settle();
    expect(world.nodeOf('web')).toBe('a');
  });

  it('is free again when a plug-in fails in Reserve, and the pod is tried again', async () => {
    world = new SchedulerWorld();
    withDevice(world);
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    const { assume } = ClusterState.prototype;
    jest.spyOn(ClusterState.prototype, 'assume').mockImplementationOnce(function fail(this: ClusterState, ...args) {
      jest.spyOn(this.reservations.deviceDecisions, 'set').mockImplementationOnce(() => {
        throw new Error('it is broken');
      });
      assume.apply(this, args);
    });
    await world.lead();
    expect(world.messageOf('web')).toBe('running Reserve plugin "DynamicResources": it is broken');
    world.pod('whole', '4');
    await world.settle();
    expect(world.nodeOf('whole')).toBe('a');
    world.finish('whole');
    await world.clock.advance(10_000);
    await world.settle();
    report(world, 'Attached');
    await world.settle();
    expect(world.nodeOf('web')).toBe('a');
  });

  it('is not worth a binding: a pod is bound though it cannot be written', async () => {
    world = new SchedulerWorld();
    withDevice(world);
    const checks = new BindingChecks(world);
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    checks.refuse = 1;
    await world.lead();
    report(world, 'Attached');
    await world.settle();
    expect([nominated('web'), world.nodeOf('web')]).toEqual([undefined, 'a']);
  });

  it('goes on to where another component expects it, though another node is better', async () => {
    world = new SchedulerWorld();
    world.node('a', '4');
    world.node('b', '64');
    world.pod('web');
    expects('web', 'a');
    await world.lead();
    expect([world.nodeOf('web'), nominated('web')]).toEqual(['a', undefined]);
  });

  it('looks elsewhere when that node cannot take it', async () => {
    world = new SchedulerWorld();
    world.node('a', '1');
    world.node('b', '4');
    world.pod('web', '2');
    expects('web', 'a');
    await world.lead();
    expect(world.nodeOf('web')).toBe('b');
  });

  it('keeps room for whom others expect, until they say otherwise', async () => {
    world = new SchedulerWorld();
    world.node('a', '2');
    world.pod('expected', '2', { priority: 5, schedulingGates: [{ name: 'example.com/wait' }] });
    expects('expected', 'a');
    await world.lead();
    world.pod('web', '2', { priority: 1 });
    await world.settle();
    expect(world.nodeOf('web')).toBe('');
    expects('expected');
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect(world.nodeOf('web')).toBe('a');
  });
});
