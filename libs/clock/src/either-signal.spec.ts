import { eitherOf, FakeClock, within } from './index';

const untilAborted = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
});
/** How many listen to it. */
function counted(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => { listeners++; add(...args); };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => { listeners--; remove(...args); };
  return { controller, listeners: () => listeners };
}

describe('one of several signals', () => {
  it('ends what it is given to, for its own reason, also when it had aborted before', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const running = eitherOf([one.signal, other.signal], untilAborted);
    other.abort(new Error('other'));
    await expect(running).rejects.toThrow('other');
    await expect(eitherOf([one.signal, other.signal], (either) => Promise.resolve(either.aborted))).resolves.toBe(true);
  });

  it('is listened to no longer than that takes, however it ends', async () => {
    const { controller, listeners } = counted();
    await expect(eitherOf([controller.signal], () => Promise.resolve(listeners()))).resolves.toBe(1);
    await expect(eitherOf([controller.signal], () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(listeners()).toBe(0);
  });
});

describe('what has so much time', () => {
  const reason = (): Error => new Error('too slow');

  it('ends when that is over, or when its caller gives up', async () => {
    const clock = new FakeClock();
    const late = expect(within(clock, { timeoutMs: 10, reason }, untilAborted)).rejects.toThrow('too slow');
    await clock.advance(10);
    await late;
    const caller = new AbortController();
    const given = expect(within(clock, { timeoutMs: 10, signal: caller.signal, reason }, untilAborted)).rejects.toThrow('never mind');
    caller.abort(new Error('never mind'));
    await given;
  });

  it('leaves no timer behind', async () => {
    const clock = new FakeClock();
    await expect(within(clock, { timeoutMs: 10, reason }, () => Promise.resolve(clock.pendingTimers))).resolves.toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
