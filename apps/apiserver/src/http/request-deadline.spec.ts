import { FakeClock } from '@navarch/clock';
import { refusalOf } from '../testing/admission-attributes';
import { type Lateness, requestTimeoutMs, within } from './request-deadline';

it.each([['', 60_000], ['timeout=5s', 5000], ['timeout=0s', 60_000], ['timeout=2m', 60_000], ['timeout=-1s', 60_000], ['timeout=', 60_000]])('%p may take %p ms', (query, ms) => {
  expect(requestTimeoutMs(new URLSearchParams(query), 60_000)).toBe(ms);
});

const unheard: Lateness = { expired: () => undefined, ended: () => undefined };

it('lets work that is in time end as it ends', async () => {
  const clock = new FakeClock(0);
  await within(Promise.resolve(), 10, clock, unheard);
  expect(await refusalOf(() => within(Promise.reject(new Error('own')), 10, clock, unheard))).toBe('own');
});

it('does not wait for work that is late, tells it to give up, and hears how it ended', async () => {
  const clock = new FakeClock(0);
  const ended: unknown[] = [];
  const expired: Error[] = [];
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<void>((_resolve, reject) => (fail = reject));
  const waited = refusalOf(() => within(work, 10, clock, { expired: (reason) => expired.push(reason), ended: (error) => ended.push(error) }));
  await clock.advance(10);
  expect(await waited).toBe('Timeout: request did not complete within the allotted timeout');
  expect(expired).toHaveLength(1);
  expect(ended).toEqual([]);
  const why = new Error('too late');
  fail(why);
  await work.catch(() => undefined);
  expect(ended).toEqual([why]);
});
