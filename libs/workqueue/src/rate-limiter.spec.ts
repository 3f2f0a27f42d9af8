import { FakeClock } from '@navarch/clock';
import { BucketRateLimiter, defaultControllerRateLimiter, ExponentialRateLimiter } from './rate-limiter';

it('doubles the wait of a key with each failure, up to the maximum, until it is forgotten', () => {
  const limiter = new ExponentialRateLimiter(5, 1_000_000);
  expect(Array.from({ length: 5 }, () => limiter.when('a'))).toEqual([5, 10, 20, 40, 80]);
  expect(limiter.when('b')).toBe(5);
  for (let i = 0; i < 2000; i++) limiter.when('a');
  expect(limiter.when('a')).toBe(1_000_000);
  expect(limiter.numRequeues('a')).toBe(2006);
  limiter.forget('a');
  expect([limiter.numRequeues('a'), limiter.when('a')]).toEqual([0, 5]);
});

it('lets a burst pass and then so many a second', async () => {
  const clock = new FakeClock();
  const limiter = new BucketRateLimiter(10, 100, clock);
  expect(Array.from({ length: 103 }, () => limiter.when()).slice(98)).toEqual([0, 0, 100, 200, 300]);
  await clock.advance(60_000);
  expect(Array.from({ length: 101 }, () => limiter.when()).slice(99)).toEqual([0, 100]);
});

it('takes the longer of both waits by default', () => {
  const limiter = defaultControllerRateLimiter(new FakeClock());
  for (let i = 0; i < 100; i++) expect(limiter.when(`key-${i}`)).toBe(5);
  expect(limiter.when('one more')).toBe(100);
});
