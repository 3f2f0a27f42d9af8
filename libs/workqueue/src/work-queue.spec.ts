import { FakeClock } from '@navarch/clock';
import * as fc from 'fast-check';
import { WorkQueue } from './work-queue';
import { type QueueObserver, type WorkQueueMetrics } from './work-queue-metrics';

function queue() {
  const clock = new FakeClock();
  return { clock, q: new WorkQueue({ name: 'test' }, { clock }) };
}

describe('WorkQueue', () => {
  it('queues a key once however often it is added', async () => {
    const { q } = queue();
    for (const key of ['a', 'b', 'a', 'a']) q.add(key);
    expect(q.length).toBe(2);
    expect([await q.get(), await q.get()]).toEqual(['a', 'b']);
  });

  it('queues a key again when it was added while being worked on, and not before it is done', async () => {
    const { q } = queue();
    q.add('a');
    await q.get();
    q.add('a');
    q.add('a');
    expect(q.length).toBe(0);
    q.done('a');
    expect(q.length).toBe(1);
    expect(await q.get()).toBe('a');
    q.done('a');
    expect(q.length).toBe(0);
  });

  it('hands keys to waiting workers in the order they came', async () => {
    const { q } = queue();
    const waiting = [q.get(), q.get(), q.get()];
    q.add('a');
    q.add('b');
    q.shutDown();
    expect(await Promise.all(waiting)).toEqual(['a', 'b', undefined]);
  });

  it('forgets a worker whose signal aborted', async () => {
    const { q } = queue();
    const abort = new AbortController();
    const gone = q.get(abort.signal);
    const waiting = q.get();
    abort.abort();
    q.add('a');
    expect([await gone, await waiting]).toEqual([undefined, 'a']);
    expect(await q.get(abort.signal)).toBeUndefined();
  });

  it.each([-86_400_000, 86_400_000])('keeps delays though the clock is set by %d ms', async (ms) => {
    const { clock, q } = queue();
    q.addAfter('a', 100);
    clock.jump(ms);
    await clock.advance(99);
    expect(q.length).toBe(0);
    await clock.advance(1);
    expect(q.length).toBe(1);
  });

  it('adds later, each key once, at the earliest of its times', async () => {
    const { clock, q } = queue();
    q.addAfter('a', 100);
    q.addAfter('b', 30);
    q.addAfter('a', 50);
    q.addAfter('a', 200);
    q.addAfter('now', 0);
    expect(q.length).toBe(1);
    await clock.advance(30);
    expect(q.length).toBe(2);
    await clock.advance(20);
    expect(q.length).toBe(3);
    await clock.advance(1000);
    expect(q.length).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('backs a failing key off, and starts anew once it is forgotten', async () => {
    const { clock, q } = queue();
    for (const expected of [5, 10, 20]) {
      q.addRateLimited('a');
      await clock.advance(expected - 1);
      expect(q.length).toBe(0);
      await clock.advance(1);
      expect(await q.get()).toBe('a');
      q.done('a');
    }
    expect(q.numRequeues('a')).toBe(3);
    q.forget('a');
    q.addRateLimited('a');
    expect(clock.nextTimerMs).toBe(5);
  });

  it('drains: what is queued and worked on is finished, nothing is taken any more', async () => {
    const { clock, q } = queue();
    q.add('a');
    q.add('b');
    await q.get();
    q.addAfter('late', 10);
    let drained = false;
    const draining = q.shutDownWithDrain().then(() => (drained = true));
    q.add('c');
    q.add('a');
    await clock.advance(100);
    q.done('a');
    expect(await q.get()).toBe('b');
    await clock.settle();
    expect(drained).toBe(false);
    q.done('b');
    await draining;
    expect(await q.get()).toBeUndefined();
  });

  it('reports by the names of upstream', async () => {
    const clock = new FakeClock();
    const told: [string, number][] = [];
    const observer: QueueObserver = {
      depth: (value) => told.push(['depth', value]),
      addsTotal: () => told.push(['adds', 1]),
      retriesTotal: () => told.push(['retries', 1]),
      queueDurationSeconds: (seconds) => told.push(['queue', seconds]),
      workDurationSeconds: (seconds) => told.push(['work', seconds]),
    };
    const metrics: WorkQueueMetrics = { observe: () => observer };
    const q = new WorkQueue({ name: 'deployment' }, { clock, metrics });
    q.add('a');
    await clock.advance(2000);
    await q.get();
    await clock.advance(3000);
    expect([q.unfinishedWorkSeconds(), q.longestRunningProcessorSeconds()]).toEqual([3, 3]);
    q.done('a');
    q.addRateLimited('a');
    expect(told).toEqual([['adds', 1], ['depth', 1], ['queue', 2], ['depth', 0], ['work', 3], ['retries', 1]]);
  });

  it('never loses a key and never gives one to two workers, whatever happens in whatever order', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key }),
      fc.record({ do: fc.constant('later' as const), key, ms: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ do: fc.constant('work' as const) }),
      fc.record({ do: fc.constant('finish' as const), key }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 60 }) }),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, q } = queue();
        const wanted = new Set<string>();
        const working = new Set<string>();
        const work = async (): Promise<void> => {
          if (q.length === 0) return;
          const taken = (await q.get())!;
          expect(working.has(taken)).toBe(false);
          working.add(taken);
          wanted.delete(taken);
        };
        for (const s of steps) {
          if (s.do === 'add') {
            q.add(s.key);
            wanted.add(s.key);
          } else if (s.do === 'later') {
            q.addAfter(s.key, s.ms);
            wanted.add(s.key);
          } else if (s.do === 'work') await work();
          else if (s.do === 'wait') await clock.advance(s.ms);
          else if (working.delete(s.key)) q.done(s.key);
        }
        await clock.advance(1000);
        for (const k of working) q.done(k);
        working.clear();
        while (q.length > 0) await work();
        expect([...wanted]).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
