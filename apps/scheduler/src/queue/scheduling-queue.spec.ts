import { FakeClock } from '@navarch/clock';
import { ClusterState, podInfo } from '@navarch/scheduling';
import { SchedulingQueue } from './scheduling-queue';

describe('the scheduling queue', () => {
  it('says of a pod that nothing let it go on but the time that it had waited, once', async () => {
    const clock = new FakeClock();
    const nothing = (): void => undefined;
    const mute = { name: 'Mute', hints: {} };
    const queue = new SchedulingQueue({ initialBackoffMs: 1_000, maxBackoffMs: 10_000 }, { clock, state: new ClusterState(), pluginsFor: () => new Map([['Mute', mute]]), onActive: nothing, onGated: nothing, onIncoming: nothing });
    const info = podInfo({ metadata: { name: 'web', namespace: 'default', uid: 'u' }, spec: { containers: [] } });
    queue.add(info);
    expect(queue.pop()).toMatchObject({ attempts: 1 });
    queue.park(info, ['Mute']);
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
});
