import { FakeClock } from '@navarch/clock';
import { BackOff } from './back-off';

describe('back-off', () => {
  const clock = new FakeClock();
  const backOff = new BackOff({ initialMs: 1_000, maxMs: 3_000 }, clock);

  it('doubles up to its limit, and is over when its time is', async () => {
    expect([backOff.next('a'), backOff.next('a'), backOff.next('a'), backOff.next('b')]).toEqual([1_000, 2_000, 3_000, 1_000]);
    expect([backOff.leftMs('a'), backOff.leftMs('b'), backOff.leftMs('c')]).toEqual([3_000, 1_000, 0]);
    await clock.advance(1_000);
    expect([backOff.leftMs('a'), backOff.leftMs('b')]).toEqual([2_000, 0]);
  });

  it('holds nobody up for longer when the clock is set back', () => {
    backOff.next('d');
    clock.jump(-3_600_000);
    expect(backOff.leftMs('d')).toBe(1_000);
  });

  it('forgets a key that was quiet for long', async () => {
    backOff.next('e');
    backOff.next('e');
    await clock.advance(10_000);
    expect(backOff.next('e')).toBe(1_000);
  });
});
