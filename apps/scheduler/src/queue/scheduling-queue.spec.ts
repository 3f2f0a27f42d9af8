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
});
