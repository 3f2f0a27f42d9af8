import { FakeClock } from '@navarch/clock';
import { ClusterState, podInfo, type PodInfo } from '@navarch/scheduling';
import { SchedulingQueue } from './scheduling-queue';

describe('the scheduling queue', () => {
  it('says of a pod that nothing let it go on but the time that it had waited, once', async () => {
    const clock = new FakeClock();
    const nothing = (): void => undefined;
    const mute = { name: 'Mute', hints: {} };
    const queue = new SchedulingQueue({ initialBackoffMs: 1_000, maxBackoffMs: 10_000, longestUnschedulableMs: 600_000 }, { clock, state: new ClusterState(), pluginsFor: () => new Map([['Mute', mute]]), onActive: nothing, onGated: nothing, onIncoming: nothing });
    const info = podInfo({ metadata: { name: 'web', namespace: 'default', uid: 'u' }, spec: { containers: [] } });
    queue.add(info);
    expect(queue.pop()).toMatchObject({ attempts: 1 });
    queue.park(info, ['Mute']);
    queue.flushOld();
    expect(queue.pop()).toBeUndefined();
    await clock.advance(300_000);
    queue.flushOld();
    expect(queue.pop()).toBeUndefined();
    await clock.advance(300_000);
    queue.flushOld();
    expect(queue.pop()).toMatchObject({ attempts: 2, flushed: true });
    queue.park(info, ['Mute']);
    queue.activate([info.uid], 'Test');
    expect(queue.pop()).not.toHaveProperty('flushed');
    queue.stop();
  });

  it('tells of an event only those that it concerns, be they refused already or still being tried', () => {
    const nothing = (): void => undefined;
    const helped = { name: 'Helped' };
    const queue = new SchedulingQueue({ initialBackoffMs: 1_000, maxBackoffMs: 10_000 }, { clock: new FakeClock(), state: new ClusterState(), pluginsFor: () => new Map([['Helped', helped]]), onActive: nothing, onGated: nothing, onIncoming: nothing });
    const [refused, tried] = ['refused', 'tried'].map((name) => podInfo({ metadata: { name, namespace: 'default', uid: name }, spec: { containers: [] } }));
    if (refused === undefined || tried === undefined) throw new Error('two pods were made');
    queue.add(refused);
    queue.pop();
    queue.park(refused, ['Helped']);
    queue.add(tried);
    queue.pop();
    queue.onEvent({ name: 'AssignedPodDelete' }, ({ uid }) => uid === 'another');
    queue.park(tried, ['Helped']);
    expect(queue.depths).toMatchObject({ unschedulable: 2, backoff: 0 });
    queue.add(tried);
    queue.pop();
    queue.onEvent({ name: 'AssignedPodDelete' }, ({ uid }) => uid === 'tried');
    queue.park(tried, ['Helped']);
    expect(queue.depths).toMatchObject({ unschedulable: 1, backoff: 1 });
    queue.stop();
  });

  it.each<[string, (queue: SchedulingQueue, clock: FakeClock, pod: PodInfo) => Promise<void> | void]>([
    ['an event', (queue) => queue.onEvent({ name: 'NodeAdd' })],
    ['a change of the pod', (queue, _clock, pod) => queue.update(pod, [{ name: 'PodUpdatePodLabel' }])],
    ['a long time', async (queue, clock) => {
      await clock.advance(300_000);
      queue.flushOld();
    }],
    ['another pod', (queue, _clock, pod) => queue.activate([pod.uid], 'Test')],
    ['an error', (queue, _clock, pod) => queue.retry(pod)],
  ])('asks again who keeps pods out when %s lets one go on, and lets it back off when it is let in', async (_what, helps) => {
    const clock = new FakeClock();
    const nothing = (): void => undefined;
    let shut: string | undefined;
    const keeper = { name: 'Keeper', preEnqueue: () => shut, hints: { NodeAdd: () => true, PodUpdatePodLabel: () => true, NodeDelete: () => true } };
    const queue = new SchedulingQueue({ initialBackoffMs: 1_000_000, maxBackoffMs: 1_000_000 }, { clock, state: new ClusterState(), pluginsFor: () => new Map([['Keeper', keeper]]), onActive: nothing, onGated: nothing, onIncoming: nothing });
    const pod = podInfo({ metadata: { name: 'web', namespace: 'default', uid: 'u' }, spec: { containers: [] } });
    queue.add(pod);
    queue.pop();
    queue.park(pod, ['Keeper']);
    shut = 'not now';
    await helps(queue, clock, pod);
    expect(queue.depths).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 1 });
    shut = undefined;
    queue.onEvent({ name: 'NodeDelete' });
    expect(queue.depths).toEqual({ active: 0, backoff: 1, unschedulable: 0, gated: 0 });
    queue.stop();
  });

  const make = (clock: FakeClock): SchedulingQueue => {
    const nothing = (): void => undefined;
    const refuser = { name: 'Refuser' };
    return new SchedulingQueue({ initialBackoffMs: 1_000, maxBackoffMs: 10_000 }, { clock, state: new ClusterState(), pluginsFor: () => new Map([['Refuser', refuser]]), onActive: nothing, onGated: nothing, onIncoming: nothing });
  };
  const waiting = (name: string, priority = 0): PodInfo => podInfo({ metadata: { name, namespace: 'default', uid: name }, spec: { containers: [], priority } });

  it('gives a pod that was refused its turn before those that came later', async () => {
    const clock = new FakeClock();
    const queue = make(clock);
    queue.add(waiting('first'));
    expect(queue.pop()?.pod.name).toBe('first');
    queue.park(waiting('first'), ['Refuser']);
    for (const [name, priority] of [['second', 0], ['third', 0], ['important', 5]] as const) {
      await clock.advance(1_000);
      queue.add(waiting(name, priority));
    }
    queue.onEvent({ name: 'NodeAdd' });
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((attempt) => attempt?.pod.name)).toEqual(['important', 'first', 'second', 'third']);
    queue.stop();
  });

  it('lets errors not make the back-off of a refusal longer, nor the other way round', async () => {
    const clock = new FakeClock();
    const queue = make(clock);
    const pod = waiting('web');
    queue.add(pod);
    // Errors are given 1, 2 and 4 seconds.
    for (const wait of [1_000, 2_000, 4_000]) {
      queue.pop();
      queue.retry(pod);
      await clock.advance(wait - 1);
      expect(queue.depths).toMatchObject({ active: 0, backoff: 1 });
      await clock.advance(1);
      expect(queue.depths).toMatchObject({ active: 1, backoff: 0 });
    }
    // The first refusal is given one, though it is the fourth attempt; the next error again one.
    for (const fail of [() => queue.park(pod, ['Refuser']), () => queue.retry(pod)]) {
      queue.pop();
      fail();
      await clock.advance(1_000);
      queue.onEvent({ name: 'NodeAdd' });
      expect(queue.depths).toMatchObject({ active: 1, backoff: 0, unschedulable: 0 });
    }
    queue.stop();
  });

  it('takes others along wherever they wait, but for those for which something failed until its time has come', async () => {
    const clock = new FakeClock();
    const queue = make(clock);
    const [active, refused, failed] = [waiting('active'), waiting('refused'), waiting('failed')];
    for (const pod of [refused, failed]) {
      queue.add(pod);
      queue.pop();
    }
    queue.park(refused, ['Refuser']);
    queue.retry(failed);
    queue.add(active);
    const names = (): (string | undefined)[] => queue.popThese(['active', 'refused', 'failed'], () => true).map(({ pod }) => pod.name);
    expect([names(), queue.depths.backoff]).toEqual([['active', 'refused'], 1]);
    await clock.advance(1_000);
    expect(names()).toEqual(['failed']);
    queue.stop();
  });

  describe('that is being tried', () => {
    it('is kept as it is now, and what has changed of it counts', async () => {
      const clock = new FakeClock();
      const queue = make(clock);
      queue.add(waiting('web'));
      const tried = queue.pop()?.pod;
      const changed = podInfo({ metadata: { name: 'web', namespace: 'default', uid: 'web', labels: { app: 'x' } }, spec: { containers: [] } });
      queue.update(changed, [{ name: 'PodUpdatePodLabel' }]);
      queue.park(tried as PodInfo, ['Refuser']);
      expect(queue.depths).toMatchObject({ backoff: 1, unschedulable: 0 });
      await clock.advance(1_000);
      expect(queue.pop()?.pod.labels).toEqual({ app: 'x' });
      queue.stop();
    });

    it('is tried again at once when somebody wanted that meanwhile', () => {
      const queue = make(new FakeClock());
      queue.add(waiting('web'));
      queue.pop();
      queue.activate(['web'], 'Test');
      queue.park(waiting('web'), ['Refuser']);
      expect(queue.depths).toMatchObject({ active: 1, backoff: 0, unschedulable: 0 });
      queue.stop();
    });

    it('and refused when nothing was kept for it any more, is tried again after its back-off', async () => {
      const clock = new FakeClock();
      const queue = make(clock);
      queue.add(waiting('web'));
      queue.pop();
      queue.done('web');
      queue.park(waiting('web'), ['Refuser']);
      expect(queue.pop()).toBeUndefined();
      await clock.advance(1_000);
      expect(queue.pop()).toMatchObject({ attempts: 2 });
      queue.stop();
    });

    it('misses what has happened before; events are kept once for all, as long as somebody needs them', () => {
      const queue = make(new FakeClock());
      const kept = (): Record<string, number> => Object.fromEntries(queue.inFlightEvents);
      for (const name of ['elder', 'younger', 'youngest']) queue.add(waiting(name));
      queue.onEvent({ name: 'NodeAdd' });
      expect(kept()).toEqual({});
      queue.pop();
      queue.onEvent({ name: 'NodeAdd' });
      queue.pop();
      queue.onEvent({ name: 'NodeDelete' });
      expect(kept()).toEqual({ NodeAdd: 1, NodeDelete: 1 });
      queue.done('elder');
      expect(kept()).toEqual({ NodeDelete: 1 });
      queue.pop();
      queue.park(waiting('youngest'), ['Refuser']);
      expect(queue.depths).toMatchObject({ backoff: 0, unschedulable: 1 });
      queue.park(waiting('younger'), ['Refuser']);
      expect(queue.depths).toMatchObject({ backoff: 1, unschedulable: 1 });
      expect(kept()).toEqual({});
      queue.stop();
    });
  });
});
