import { rest } from './clock';
import { FakeClock } from './fake-clock';
import { systemClock } from './system-clock';

describe('FakeClock', () => {
  it('runs due timers in the order of their instants and then of their setting', async () => {
    const clock = new FakeClock(1000);
    const ran: string[] = [];
    clock.setTimeout(() => ran.push(`b@${clock.now()}`), 20);
    clock.setTimeout(() => ran.push(`a@${clock.now()}`), 10);
    clock.setTimeout(() => ran.push(`c@${clock.now()}`), 20);
    clock.setTimeout(() => ran.push('late'), 31);
    await clock.advance(30);
    expect(ran).toEqual(['a@1010', 'b@1020', 'c@1020']);
    expect(clock.now()).toBe(1030);
    expect(clock.nextTimerMs).toBe(1);
  });

  it('lets promises settle, so that a loop of sleeps passes in one advance', async () => {
    const clock = new FakeClock();
    let rounds = 0;
    const loop = (async () => {
      for (; rounds < 5; rounds++) await clock.sleep(100);
    })();
    await clock.advance(500);
    await loop;
    expect(rounds).toBe(5);
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects a sleep with the reason of its signal and drops its timer', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const sleeping = clock.sleep(100, abort.signal);
    abort.abort(new Error('stopped'));
    await expect(sleeping).rejects.toThrow('stopped');
    expect(clock.pendingTimers).toBe(0);
    await expect(clock.sleep(1, abort.signal)).rejects.toThrow('stopped');
  });

  it('ends a rest with its time or with its signal, and never in an error of that', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const ended: string[] = [];
    const resting = [rest(clock, 10, abort.signal).then(() => ended.push('short')), rest(clock, 1000, abort.signal).then(() => ended.push('long'))];
    await clock.advance(10);
    expect(ended).toEqual(['short']);
    abort.abort(new Error('stopped'));
    await Promise.all(resting);
    expect(ended).toEqual(['short', 'long']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps what else goes wrong in a rest', async () => {
    const broken = { sleep: () => Promise.reject(new Error('no timers')) };
    await expect(rest(broken, 10, new AbortController().signal)).rejects.toThrow('no timers');
  });

  it('tells how long something takes though somebody sets it', async () => {
    const clock = new FakeClock(0);
    const began = clock.monotonic();
    let fired = 0;
    clock.setTimeout(() => (fired = clock.monotonic() - began), 500);
    clock.jump(-86_400_000);
    await clock.advance(1_000);
    clock.jump(3_600_000);
    expect([clock.monotonic() - began, fired, clock.now()]).toEqual([1_000, 500, 1_000 - 86_400_000 + 3_600_000]);
  });

  it('forgets a cancelled timer', async () => {
    const clock = new FakeClock();
    let ran = false;
    const timer = clock.setTimeout(() => (ran = true), 5);
    timer.cancel();
    await clock.advance(10);
    expect(ran).toBe(false);
    expect(await clock.advanceToNextTimer()).toBe(false);
  });
});

describe('systemClock', () => {
  it('fires timers and sleeps', async () => {
    const before = systemClock.now();
    await systemClock.sleep(1);
    await new Promise<void>((resolve) => systemClock.setTimeout(resolve, -5));
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it('does not fire a delay over 2^31 ms at once', async () => {
    let fired = false;
    const timer = systemClock.setTimeout(() => (fired = true), 2 ** 32);
    await systemClock.sleep(5);
    timer.cancel();
    expect(fired).toBe(false);
  });
});
