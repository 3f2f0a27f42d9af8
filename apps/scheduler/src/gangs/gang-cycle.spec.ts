import { core, scheduling, type schedulingv1alpha2 } from '@navarch/api';
import { SchedulerWorld } from '../testing/scheduler-world';

const gangs = 'profiles: [{plugins: {multiPoint: {enabled: [{name: GangScheduling}]}}}]';
const waits = 'waiting for minCount pods from a gang to be scheduled';

describe('the pods of a gang', () => {
  let world: SchedulerWorld;
  beforeEach(() => (world = new SchedulerWorld({ configuration: gangs })));
  afterEach(() => world.stop());

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
});
