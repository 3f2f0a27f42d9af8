import { CheckSchedule } from './check-schedule';

describe('the schedule by which aggregated API servers are asked', () => {
  const known = ['a/v1', 'b/v1'];

  it('has all asked at first, and every half minute', () => {
    const schedule = new CheckSchedule(1_000);
    expect([schedule.nextAt, schedule.take(known, 1_000)]).toEqual([1_000, known]);
    expect([schedule.take(known, 30_999), schedule.nextAt]).toEqual([[], 31_000]);
    expect(schedule.take(known, 31_000)).toEqual(known);
  });

  it('has one asked at once that has changed, and does not put the others off', () => {
    const schedule = new CheckSchedule(0);
    schedule.take(known, 0);
    schedule.changed('a/v1');
    schedule.changed('unknown/v1');
    expect(schedule.nextAt).toBe(0);
    expect([schedule.take(known, 20_000), schedule.nextAt]).toEqual([['a/v1'], 30_000]);
  });

  it('has one that fails asked again after longer and longer, until it answers', () => {
    const schedule = new CheckSchedule(0);
    schedule.take(known, 0);
    const pauses: number[] = [];
    let now = 0;
    while (pauses.length < 9) {
      schedule.failed('a/v1', now);
      const at = schedule.nextAt;
      pauses.push(at - now);
      now = at;
      expect(schedule.take(known, now)).toContain('a/v1');
    }
    // The last falls to the look at all.
    expect(pauses.slice(0, 7)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 14_250]);
    schedule.answered('a/v1');
    expect(schedule.take(known, now + 1)).toEqual([]);
  });

  it('comes to rest when nobody tells how it went, or of whom', () => {
    const schedule = new CheckSchedule(0);
    schedule.take(known, 0);
    for (const key of ['a/v1', 'gone/v1']) schedule.failed(key, 0);
    expect([schedule.take(known, 250), schedule.nextAt]).toEqual([['a/v1'], 30_000]);
  });

  it('asks nobody who is gone', () => {
    const schedule = new CheckSchedule(0);
    schedule.take(known, 0);
    schedule.failed('a/v1', 0);
    schedule.changed('a/v1');
    schedule.forget('a/v1');
    expect([schedule.nextAt, schedule.take(known, 10_000)]).toEqual([30_000, []]);
  });
});
