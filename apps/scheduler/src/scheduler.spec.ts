import { core, resource, scheduling, type resourcev1, type schedulingv1alpha2 } from '@navarch/api';
import { explain } from './explain/decision-log';
import { BindingChecks } from './testing/binding-checks';
import { SchedulerWorld } from './testing/scheduler-world';

describe('scheduler', () => {
  let world: SchedulerWorld;
  afterEach(() => world.stop());

  it('binds a pod and says so', async () => {
    world = new SchedulerWorld();
    world.node('a');
    world.pod('web');
    await world.lead();
    expect(world.nodeOf('web')).toBe('a');
    expect(world.events).toEqual([{ pod: 'web', reason: 'Scheduled', message: 'Successfully assigned default/web to a' }]);
    expect(await world.metric('scheduler_schedule_attempts_total')).toMatchObject({ 'scheduled/default-scheduler': 1, 'error/default-scheduler': 0 });
  });

  it('says why a pod waits, and goes on when what it waited for happens', async () => {
    world = new SchedulerWorld();
    world.node('a', '1');
    world.pod('big', '3');
    await world.lead();
    const reason = '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    expect(world.messageOf('big')).toBe(reason);
    expect(world.events).toEqual([{ pod: 'big', reason: 'FailedScheduling', message: reason }]);
    expect(await world.metric('scheduler_pending_pods')).toMatchObject({ unschedulable: 1, active: 0, backoff: 0 });
    world.node('small', '2');
    await world.settle();
    await world.clock.advance(20_000);
    await world.settle();
    expect(world.events).toHaveLength(1); // a node that cannot help wakes nobody
    world.node('b', '4');
    await world.settle();
    expect(world.nodeOf('big')).toBe('b');
    expect(await world.metric('scheduler_queue_incoming_pods_total')).toMatchObject({ 'active/PodAdd': 1, 'unschedulable/ScheduleAttemptFailure': 1, 'active/NodeAdd': 1 });
  });

  it('tells how long each part of a decision takes, who was asked, and who refused', async () => {
    world = new SchedulerWorld();
    world.node('a', '2');
    world.pod('web');
    await world.lead();
    world.pod('huge', '64');
    await world.settle();
    world.node('b', '2');
    await world.settle();
    const text = await world.registry.metrics();
    const profile = 'profile="default-scheduler"';
    for (const line of [
      ...['PreFilter', 'Filter', 'Reserve', 'PreBind', 'Bind', 'PostBind'].map((point) => `scheduler_framework_extension_point_duration_seconds_count{extension_point="${point}",status="Success",${profile}}`),
      `scheduler_framework_extension_point_duration_seconds_count{extension_point="Filter",status="Unschedulable",${profile}} 1`,
      `scheduler_framework_extension_point_duration_seconds_count{extension_point="PostFilter",status="Unschedulable",${profile}} 1`,
      'scheduler_plugin_execution_duration_seconds_count{plugin="NodeResourcesFit",extension_point="PreFilter",status="Success"} 1',
      'scheduler_plugin_execution_duration_seconds_count{plugin="NodeResourcesFit",extension_point="Filter",status="Success"} 1',
      'scheduler_plugin_execution_duration_seconds_count{plugin="InterPodAffinity",extension_point="PreFilter",status="Skip"} 1',
      `scheduler_plugin_evaluation_total{plugin="NodeResourcesFit",extension_point="Filter",${profile}} 2`,
      `scheduler_unschedulable_pods{plugin="NodeResourcesFit",${profile}} 1`,
      'scheduler_goroutines{operation="binding"} 0',
      'scheduler_event_handling_duration_seconds_count{event="NodeAdd"} 2',
      'scheduler_queueing_hint_execution_duration_seconds_count{plugin="NodeResourcesFit",event="NodeAdd",hint="QueueSkip"} 1',
    ]) expect(text).toContain(line);
  });

  it('leaves a gated pod alone until its gates are gone', async () => {
    world = new SchedulerWorld();
    world.node('a');
    world.pod('gated', '1', { schedulingGates: [{ name: 'example.com/wait' }] });
    await world.lead();
    expect(world.nodeOf('gated')).toBe('');
    expect(world.get('gated').status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }]);
    expect(await world.metric('scheduler_pending_pods')).toMatchObject({ gated: 1 });
    world.changePod('gated', (pod) => delete pod.spec?.schedulingGates);
    await world.settle();
    expect(world.nodeOf('gated')).toBe('a');
  });

  it('makes room for a more important pod', async () => {
    world = new SchedulerWorld();
    world.node('a', '2');
    world.pod('low', '2', { priority: 1 });
    await world.lead();
    world.pod('high', '2', { priority: 10 });
    await world.settle();
    expect(world.get('high').status?.nominatedNodeName).toBe('a');
    expect(world.messageOf('high')).toBe('0/1 nodes are available: 1 Insufficient cpu.');
    const victim = world.get('low');
    expect(victim.metadata.deletionTimestamp).toBeDefined();
    expect(victim.status?.conditions).toMatchObject([{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'default-scheduler: preempting to accommodate a higher priority pod', observedGeneration: 1 }]);
    expect(world.events).toContainEqual({ pod: 'low', reason: 'Preempted', message: `Preempted by pod ${world.get('high').metadata.uid ?? ''} on node a` });
    // The room is not for others that are less important.
    world.pod('between', '2', { priority: 5 });
    await world.settle();
    world.finish('low');
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect([world.nodeOf('high'), world.nodeOf('between')]).toEqual(['a', '']);
    // Three tries: one found room, `between` was refused before and after.
    expect(await world.metric('scheduler_preemption_attempts_total')).toEqual({ '': 3 });
    expect(await world.metric('scheduler_preemption_goroutines_execution_total')).toEqual({ success: 1 });
  });

  it('leaves the last victim alone when another could not be asked to go', async () => {
    world = new SchedulerWorld();
    world.node('a', '3');
    for (const name of ['x', 'y', 'z']) world.pod(name, '1', { priority: 1 });
    await world.lead();
    const checks = new BindingChecks(world);
    const asked: string[] = [];
    checks.onWrite = ({ operation }) => {
      if (operation?.$case !== 'delete') return;
      asked.push(operation.value.key?.name ?? '');
      if (asked.length === 1) checks.refuse = 1;
    };
    world.pod('high', '3', { priority: 10 });
    await world.settle();
    const [first = '', second = ''] = asked;
    expect(asked).toEqual([first, second]);
    expect(await world.metric('scheduler_preemption_goroutines_execution_total')).toEqual({ error: 1 });
    // When the one that was asked is gone, the others are asked.
    world.finish(second);
    await world.settle();
    await world.clock.advance(10_000);
    await world.settle();
    expect(asked).toHaveLength(4);
    expect(new Set(asked)).toEqual(new Set(['x', 'y', 'z']));
    expect(await world.metric('scheduler_preemption_goroutines_execution_total')).toEqual({ error: 1, success: 1 });
  });

  it('lets others go on when the pod for which room was kept goes', async () => {
    world = new SchedulerWorld();
    world.node('a', '2');
    for (const name of ['low', 'lower']) world.pod(name, '1', { priority: 1 });
    await world.lead();
    world.pod('high', '2', { priority: 10 });
    await world.settle();
    world.pod('between', '1', { priority: 5 });
    world.finish('low');
    await world.settle();
    expect([world.nodeOf('high'), world.nodeOf('between')]).toEqual(['', '']);
    world.finish('high');
    await world.settle();
    expect(world.nodeOf('between')).toBe('a');
  });

  it('lets a pod go on when the domain that had too few pods goes', async () => {
    world = new SchedulerWorld();
    world.node('a', '4', (node) => void (node.metadata.labels = { zone: 'x' }));
    world.node('b', '4', (node) => Object.assign(node, { metadata: { name: 'b', labels: { zone: 'y' } }, spec: { unschedulable: true } }));
    const spread = { topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } }] };
    world.pod('one', '1', spread, { app: 'web' });
    await world.lead();
    world.pod('two', '1', spread, { app: 'web' });
    await world.settle();
    expect([world.nodeOf('one'), world.nodeOf('two')]).toEqual(['a', '']);
    world.api.delete(core.nodes, '', 'b');
    await world.settle();
    expect(world.nodeOf('two')).toBe('a');
  });

  it('tries a pod again before its back-off is over when nothing else is to be done', async () => {
    world = new SchedulerWorld();
    world.node('a', '1');
    world.pod('web', '2');
    await world.lead();
    world.node('b', '4');
    await world.settle();
    expect(world.nodeOf('web')).toBe('b');
    expect(await world.metric('scheduler_queue_incoming_pods_total')).toMatchObject({ 'backoff/NodeAdd': 1, 'active/PopFromBackoffQ': 1 });
  });

  it('preempts nobody for a pod that forbids it, or twice for one pod', async () => {
    world = new SchedulerWorld();
    world.node('a', '2');
    world.pod('low', '2', { priority: 1 });
    await world.lead();
    world.pod('polite', '2', { priority: 10, preemptionPolicy: 'Never' });
    await world.settle();
    expect(world.messageOf('polite')).toBe('0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.');
    world.pod('high', '2', { priority: 20 });
    await world.settle();
    world.node('b', '2', (node) => {
      if (node.spec !== undefined) node.spec.taints = [{ key: 'k', effect: 'NoSchedule' }];
    });
    await world.clock.advance(10_000);
    await world.settle();
    expect(world.events.filter(({ reason }) => reason === 'Preempted')).toHaveLength(1);
  });

  it('lets a claim go of devices where its pod cannot be, and takes others', async () => {
    world = new SchedulerWorld();
    world.node('a');
    const device = { name: 'x' };
    world.create(resource.resourceslices, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 'a' }, spec: { driver: 'gpu.example.com', nodeName: 'a', pool: { name: 'a', generation: 1, resourceSliceCount: 1 }, devices: [device] } });
    world.create(resource.deviceclasses, { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: {} });
    world.create(resource.resourceclaims, {
      apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'c', namespace: 'default' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } },
      status: { allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['gone'] }] }] } } },
    });
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    await world.lead();
    await world.clock.advance(1_000);
    await world.settle();
    expect(world.events.map(({ message }) => message)).toEqual([expect.stringContaining('deallocation of ResourceClaim completed, preemption: '), 'Successfully assigned default/web to a']);
    expect(world.nodeOf('web')).toBe('a');
    expect(world.api.find<resourcev1.ResourceClaim>(resource.resourceclaims, 'default', 'c')?.status?.allocation).toMatchObject({ allocationTimestamp: '2026-01-01T00:00:00Z', devices: { results: [{ device: 'x' }] } });
  });

  it.each([['one after the other', undefined], ['as a gang', { podGroupName: 'team' }]])('binds pods that share a claim at once, %s', async (_how, schedulingGroup) => {
    world = new SchedulerWorld({ configuration: 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}}}]' });
    for (const name of ['a', 'b']) world.node(name);
    world.create(resource.resourceslices, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 'a' }, spec: { driver: 'gpu.example.com', nodeName: 'a', pool: { name: 'a', generation: 1, resourceSliceCount: 1 }, devices: [{ name: 'x' }] } });
    world.create(resource.deviceclasses, { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: {} });
    world.create(resource.resourceclaims, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'c', namespace: 'default' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } });
    world.create(scheduling.podgroups, { apiVersion: 'scheduling.k8s.io/v1alpha2', kind: 'PodGroup', metadata: { name: 'team', namespace: 'default' }, spec: { schedulingPolicy: { gang: { minCount: 3 } } } });
    const names = ['one', 'two', 'three'];
    for (const name of names) world.pod(name, '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }], ...(schedulingGroup === undefined ? {} : { schedulingGroup }) });
    await world.lead();
    expect(names.map((name) => world.nodeOf(name))).toEqual(['a', 'a', 'a']);
    expect(world.events.map(({ reason }) => reason)).toEqual(['Scheduled', 'Scheduled', 'Scheduled']);
    const users = world.api.find<resourcev1.ResourceClaim>(resource.resourceclaims, 'default', 'c')?.status?.reservedFor ?? [];
    expect(users.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it('gives pods that fill a node each the next best, without a new search', async () => {
    world = new SchedulerWorld({ configuration: 'profiles: [{plugins: {score: {disabled: [{name: NodeResourcesBalancedAllocation}]}}}]' });
    for (const [name, memory] of [['a', '8Gi'], ['b', '32Gi'], ['c', '16Gi']] as const) world.node(name, '4', (node) => void (node.status = { allocatable: { cpu: '4', memory, pods: '110' } }));
    for (const name of ['one', 'two', 'three']) world.pod(name, '', { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '3', memory: '4Gi' } } }] });
    await world.lead();
    expect(['one', 'three', 'two'].map((name) => world.nodeOf(name))).toEqual(['b', 'c', 'a']);
    expect(await world.metric('scheduler_batch_attempts_total')).toEqual({ 'default-scheduler/no_hint': 1, 'default-scheduler/hint_used': 2 });
  });

  it('explains a decision node by node', async () => {
    world = new SchedulerWorld();
    world.node('a', '2');
    world.node('b', '4');
    world.node('c', '1');
    world.pod('web', '2');
    await world.lead();
    const decision = world.decisions.find({ namespace: 'default', name: 'web' });
    const { node, nodes } = explain(decision as NonNullable<typeof decision>);
    expect(node).toBe('b');
    expect(nodes.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    expect(nodes[0]?.scores).toMatchObject({ NodeResourcesFit: { score: 73, weight: 1 } });
    expect(nodes[2]).toEqual({ name: 'c', refusedBy: 'NodeResourcesFit', reasons: ['Insufficient cpu'], preemptionMayHelp: false });
  });

  it('binds nothing after it stopped', async () => {
    world = new SchedulerWorld();
    world.node('a');
    const scheduler = await world.lead();
    world.pod('late');
    await scheduler.stop();
    await world.settle();
    expect(world.nodeOf('late')).toBe('');
  });

  it('tells in a PodGroup what became of its pods, the first time', async () => {
    world = new SchedulerWorld({ configuration: 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}}, pluginConfig: [{name: GangScheduling, args: {timeoutSeconds: 30}}]}]' });
    world.node('a', '1');
    world.create(scheduling.podgroups, { apiVersion: 'scheduling.k8s.io/v1alpha2', kind: 'PodGroup', metadata: { name: 'team', namespace: 'default' }, spec: { schedulingPolicy: { gang: { minCount: 2 } } } });
    for (const name of ['one', 'two']) world.pod(name, '1', { schedulingGroup: { podGroupName: 'team' } });
    await world.lead();
    const condition = (): object | undefined => (world.api.get(scheduling.podgroups, 'default', 'team') as schedulingv1alpha2.PodGroup).status?.conditions?.find(({ type }) => type === 'PodGroupScheduled');
    expect(condition()).toMatchObject({ status: 'False', reason: 'Unschedulable', message: expect.stringContaining('1 Insufficient cpu') as string });
    world.node('b', '1');
    await world.settle();
    expect([world.nodeOf('one'), world.nodeOf('two')].sort()).toEqual(['a', 'b']);
    expect(condition()).toMatchObject({ status: 'True', reason: 'Scheduled', message: '' });
    // One more than there is room for says nothing about the group.
    world.pod('three', '1', { schedulingGroup: { podGroupName: 'team' } });
    await world.settle();
    expect(world.messageOf('three')).toContain('Insufficient cpu');
    expect(condition()).toMatchObject({ status: 'True', reason: 'Scheduled' });
  });

  it('schedules all pods of a gang or none', async () => {
    world = new SchedulerWorld({ configuration: 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}}}]' });
    world.node('a', '2');
    const member = (name: string): void => {
      world.create(core.pods, {
        apiVersion: 'v1', kind: 'Pod', status: { phase: 'Pending' }, spec: { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '1' } } }] },
        metadata: { name, namespace: 'default', labels: { 'scheduling.x-k8s.io/pod-group': 'team' }, annotations: { 'scheduling.navarch.io/min-count': '3' } },
      });
    };
    member('one');
    member('two');
    await world.lead();
    expect(await world.metric('scheduler_pending_pods')).toMatchObject({ gated: 2 });
    member('three');
    await world.settle();
    expect(['one', 'two', 'three'].map((name) => world.nodeOf(name))).toEqual(['', '', '']);
    world.node('b', '2');
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect(['one', 'two', 'three'].map((name) => world.nodeOf(name)).sort()).toEqual(['a', 'a', 'b']);
  });
});
