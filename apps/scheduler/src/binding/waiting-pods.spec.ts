import { FakeClock } from '@navarch/clock';
import { WaitingPods } from './waiting-pods';

describe('a pod that is not bound yet', () => {
  it('loses its place while something is done for it, while it waits, and while both is so', async () => {
    const waiting = new WaitingPods(new FakeClock());
    const [done, both] = [waiting.prepare('done'), waiting.prepare('both')];
    const waits = waiting.wait('waits', 'plugin', 1_000);
    const alsoWaits = waiting.wait('both', 'plugin', 1_000);
    expect(['done', 'waits', 'both', 'other'].map((uid) => waiting.preempt(uid))).toEqual([true, true, true, false]);
    expect([done.aborted, both.aborted]).toEqual([true, true]);
    expect(await Promise.all([waits, alsoWaits])).toEqual(Array(2).fill({ allowed: false, reason: 'preempted', preempted: true }));
  });

  it('keeps it once it is about to be bound', () => {
    const waiting = new WaitingPods(new FakeClock());
    waiting.prepare('a');
    waiting.endPreparing('a');
    expect(waiting.preempt('a')).toBe(false);
  });

  it('is refused when nobody lets it go on in time', async () => {
    const clock = new FakeClock();
    const waiting = new WaitingPods(clock);
    const outcome = waiting.wait('a', 'plugin', 90_000);
    waiting.allow(['a'], 'another');
    await clock.advance(90_000);
    expect(await outcome).toEqual({ allowed: false, reason: 'rejected due to timeout after waiting 1m30s at plugin plugin' });
  });

  it('waits for each that made it wait, until one refuses it', async () => {
    const waiting = new WaitingPods(new FakeClock());
    const settled: string[] = [];
    for (const plugin of ['one', 'other', 'third']) void waiting.wait('a', plugin, 1_000).then(({ allowed }) => settled.push(`${plugin}=${allowed}`));
    waiting.allow(['a'], 'other');
    await Promise.resolve();
    expect(settled).toEqual(['other=true']);
    waiting.refuse('a', 'no');
    await Promise.resolve();
    expect(settled).toEqual(['other=true', 'one=false', 'third=false']);
    expect(waiting.refuse('a', 'no')).toBe(false);
  });
});
