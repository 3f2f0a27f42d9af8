import { FakeClock } from '@navarch/clock';
import { abandonmentBy, type Abandonment, Deadline, LazyAbandonment } from './abandonment';

const [gone, late] = [new Error('gone'), new Error('late')];

describe('abandonment', () => {
  it.each([
    ['made for who listens before', (abandonment: LazyAbandonment) => abandonment.signal],
    ['made for who listens after', () => undefined],
  ])('is told by a signal that is %s it, with the first reason', (_, listen) => {
    const abandonment = new LazyAbandonment();
    const early = listen(abandonment);
    abandonment.throwIfAborted();
    expect([abandonment.aborted, abandonment.reason, early?.aborted]).toEqual([false, undefined, early && false]);
    abandonment.abort(gone);
    abandonment.abort(late);
    expect([abandonment.aborted, abandonment.reason]).toEqual([true, gone]);
    expect(() => abandonment.throwIfAborted()).toThrow(gone);
    const { signal } = abandonment;
    expect([signal.aborted, signal.reason, abandonment.signal === signal, early ?? signal]).toEqual([true, gone, true, signal]);
  });

  it('is what a signal says that is there already', () => {
    const aborter = new AbortController();
    const abandonment = abandonmentBy(aborter.signal);
    abandonment.throwIfAborted();
    expect([abandonment.aborted, abandonment.reason, abandonment.signal]).toEqual([false, undefined, aborter.signal]);
    aborter.abort(gone);
    expect([abandonment.aborted, abandonment.reason]).toEqual([true, gone]);
    expect(() => abandonment.throwIfAborted()).toThrow(gone);
  });

  it('has as much time as its request, though that begins to count only later', async () => {
    const clock = new FakeClock();
    const request: { deadline?: Abandonment['deadline'] } = {};
    const abandonment = new LazyAbandonment(request);
    expect(abandonment.deadline).toBeUndefined();
    request.deadline = new Deadline(clock, 3000);
    await clock.advance(1000);
    expect(abandonment.deadline?.msLeft).toBe(2000);
  });
});
