import { core, scheduling, type schedulingv1alpha2 } from '@navarch/api';
import { Binder } from '../binding/binder';
import { DecisionLog } from '../explain/decision-log';
import { PodReporter } from '../pod-reporter';
import { Preemptor } from '../preemption/preemptor';
import { SchedulerWorld } from '../testing/scheduler-world';

const gangs = 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}}}]';
const waits = 'waiting for minCount pods from a gang to be scheduled';

describe('the pods of a gang', () => {
  let world: SchedulerWorld;
  beforeEach(() => (world = new SchedulerWorld({ configuration: gangs })));
  afterEach(async () => {
    jest.restoreAllMocks();
    await world.stop();
  });

  const gang = (name: string, minCount: number): void => {
    world.create(scheduling.podgroups, { apiVersion: 'scheduling.k8s.io/v1alpha2', kind: 'PodGroup', metadata: { name, namespace: 'default' }, spec: { schedulingPolicy: { gang: { minCount } } } });
  };
  const member = (name: string, of: string, priority = 0): void => void world.pod(name, '1', { priority, schedulingGroup: { podGroupName: of } });
  const nodesOf = (...names: string[]): string[] => names.map((name) => world.nodeOf(name));
  const condition = (name: string): object | undefined => (world.api.get(scheduling.podgroups, 'default', name) as schedulingv1alpha2.PodGroup).status?.conditions?.find(({ type }) => type === 'PodGroupScheduled');
  const later = async (): Promise<void> => {
    await world.clock.advance(10_000);
    await world.settle();
  };

  it('never hold what another gang lacks: of two for which there is not enough, one has all and one nothing', async () => {
    world.node('a', '4');
    gang('red', 3);
    gang('blue', 3);
    for (const index of [1, 2, 3]) for (const name of ['red', 'blue']) member(`${name}-${index}`, name);
    await world.lead();
    const [red, blue] = [nodesOf('red-1', 'red-2', 'red-3'), nodesOf('blue-1', 'blue-2', 'blue-3')];
    expect([red, blue].sort()).toEqual([['', '', ''], ['a', 'a', 'a']]);
    const loser = red[0] === '' ? 'red' : 'blue';
    const messages = [1, 2, 3].map((index) => world.messageOf(`${loser}-${index}`));
    expect(messages.filter((message) => message === waits)).toHaveLength(1);
    expect(messages.filter((message) => message.startsWith('0/1 nodes are available: 1 Insufficient cpu.'))).toHaveLength(2);
    expect(condition(loser)).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    // Its place is free for others meanwhile.
    world.pod('other', '1');
    await world.settle();
    expect(world.nodeOf('other')).toBe('a');
    world.node('b', '3');
    await later();
    expect(nodesOf(`${loser}-1`, `${loser}-2`, `${loser}-3`)).toEqual(['b', 'b', 'b']);
    expect(condition(loser)).toMatchObject({ status: 'True', reason: 'Scheduled' });
  });

  it('count with those of them that are bound, and need be no more than the gang asks for', async () => {
    world.node('a', '2');
    gang('team', 2);
    for (const name of ['one', 'two', 'three']) member(name, 'team');
    await world.lead();
    expect(nodesOf('one', 'two', 'three').sort()).toEqual(['', 'a', 'a']);
    const left = ['one', 'two', 'three'].find((name) => world.nodeOf(name) === '') ?? '';
    expect(world.messageOf(left)).toContain('Insufficient cpu');
    world.node('b', '1');
    await later();
    expect(world.nodeOf(left)).toBe('b');
  });

  it('make nobody go when they were not enough all the same', async () => {
    world.node('a', '3');
    world.pod('low');
    world.pod('peer', '1', { priority: 10 });
    await world.lead();
    gang('team', 3);
    for (const name of ['one', 'two', 'three']) member(name, 'team', 10);
    await world.settle();
    expect(nodesOf('one', 'two', 'three')).toEqual(['', '', '']);
    expect(world.api.get(core.pods, 'default', 'low').metadata.deletionTimestamp).toBeUndefined();
    expect(world.events.filter(({ reason }) => reason === 'Preempted')).toEqual([]);
    expect(['one', 'two', 'three'].map((name) => world.get(name).status?.nominatedNodeName)).toEqual([undefined, undefined, undefined]);
  });

  it('hold the places that they have while others go for the rest of them', async () => {
    world.node('a', '3');
    for (const name of ['low-1', 'low-2']) world.pod(name);
    await world.lead();
    gang('team', 3);
    for (const name of ['one', 'two', 'three']) member(name, 'team', 10);
    await world.settle();
    expect(['one', 'two', 'three'].map((name) => world.get(name).status?.nominatedNodeName)).toEqual(['a', 'a', 'a']);
    world.pod('late', '1', { priority: 5 });
    await world.settle();
    expect(world.nodeOf('late')).toBe('');
    for (const name of ['low-1', 'low-2']) if (world.pods().some(({ metadata }) => metadata.name === name)) world.finish(name);
    await later();
    expect(nodesOf('one', 'two', 'three', 'late')).toEqual(['a', 'a', 'a', '']);
  });

  const breaks = (): never => {
    throw new Error('it is broken');
  };
  it.each<[string, () => unknown]>([
    ['room was looked for', () => jest.spyOn(Preemptor.prototype, 'holdsBack').mockImplementationOnce(breaks)],
    ['its outcome was written down', () => jest.spyOn(DecisionLog.prototype, 'record').mockImplementationOnce(breaks)],
    ['its outcome was told', () => jest.spyOn(PodReporter.prototype, 'unschedulable').mockImplementationOnce(breaks)],
  ])('let go of what they had when something failed for one of them as %s, and are all tried again', async (_when, fail) => {
    world.node('a', '2');
    gang('team', 3);
    for (const name of ['one', 'two', 'three']) member(name, 'team');
    fail();
    await world.lead();
    expect(nodesOf('one', 'two', 'three')).toEqual(['', '', '']);
    world.pod('other', '2');
    await world.settle();
    expect(world.nodeOf('other')).toBe('a');
    world.node('b', '3');
    await later();
    expect(nodesOf('one', 'two', 'three')).toEqual(['b', 'b', 'b']);
  });

  it('are bound though the decision on one of them could not be written down at first', async () => {
    world.node('a', '3');
    gang('team', 3);
    for (const name of ['one', 'two', 'three']) member(name, 'team');
    jest.spyOn(DecisionLog.prototype, 'record').mockImplementationOnce(breaks);
    const letGo = jest.spyOn(Binder.prototype, 'letGo');
    await world.lead();
    expect([letGo.mock.calls.length, nodesOf('one', 'two', 'three')]).toEqual([1, ['', '', '']]);
    await later();
    expect(nodesOf('one', 'two', 'three')).toEqual(['a', 'a', 'a']);
  });

  it('look for room no longer than it can be enough', async () => {
    world.node('a', '2');
    for (const name of ['peer-1', 'peer-2']) world.pod(name, '1', { priority: 10 });
    await world.lead();
    gang('team', 2);
    for (const name of ['one', 'two', 'three', 'four']) member(name, 'team', 10);
    await world.settle();
    // When three of four have found none there is none for two.
    expect(await world.metric('scheduler_preemption_attempts_total')).toEqual({ '': 3 });
    for (const name of ['one', 'two', 'three', 'four']) expect(world.messageOf(name)).toContain('0/1 nodes are available: 1 Insufficient cpu.');
  });

  it('are given the next best nodes without a new search, as pods of no gang are', async () => {
    await world.stop();
    world = new SchedulerWorld({ configuration: 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}, score: {disabled: [{name: NodeResourcesBalancedAllocation}]}}}]' });
    for (const [name, memory] of [['a', '8Gi'], ['b', '32Gi'], ['c', '16Gi']] as const) world.node(name, '4', (node) => void (node.status = { allocatable: { cpu: '4', memory, pods: '110' } }));
    gang('team', 3);
    for (const name of ['one', 'two', 'three']) world.pod(name, '', { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '3', memory: '4Gi' } } }], schedulingGroup: { podGroupName: 'team' } });
    await world.lead();
    expect(nodesOf('one', 'two', 'three').sort()).toEqual(['a', 'b', 'c']);
    expect(await world.metric('scheduler_batch_attempts_total')).toEqual({ 'default-scheduler/no_hint': 1, 'default-scheduler/hint_used': 2 });
  });

  it('all count as tried in their turn, after which other work of the process gets its own', async () => {
    const size = 65;
    world.node('a', '100');
    gang('team', size);
    for (let index = 0; index < size; index++) member(`m-${index}`, 'team');
    world.pod('other');
    let turnIsOver = false;
    const seen: boolean[] = [];
    jest.spyOn(DecisionLog.prototype, 'record').mockImplementation(({ pod }) => {
      if (pod.name === 'other') seen.push(turnIsOver);
      else setImmediate(() => (turnIsOver = true));
    });
    await world.lead();
    expect([seen, world.nodeOf('other')]).toEqual([[true], 'a']);
  });
});
