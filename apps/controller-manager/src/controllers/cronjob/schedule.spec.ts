import fc from 'fast-check';
import { missedTimes, nextTime } from './missed-times';
import { cronSchedule } from './schedule';
import { formatInZone } from './wall-clock';

const at = (text: string): number => Date.parse(text);
const next = (schedule: string, after: string, zone = 'UTC'): string | undefined => {
  const ms = cronSchedule(schedule, zone).next(at(after));
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(':00.000Z', 'Z');
};

describe('schedules', () => {
  it.each([
    ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05Z'],
    ['7 * * * *', '2026-01-01T00:07:00Z', '2026-01-01T01:07Z'],
    ['0 0 1 * *', '2026-01-15T10:00:00Z', '2026-02-01T00:00Z'],
    ['30 4 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T04:30Z'],
    ['0 12 * * mon-fri', '2026-01-02T12:00:00Z', '2026-01-05T12:00Z'],
    ['0 12 13 * FRI', '2026-01-01T00:00:00Z', '2026-01-02T12:00Z'],
    ['0 12 */2 * 5', '2026-01-01T13:00:00Z', '2026-01-02T12:00Z'],
    ['10-20/5 1,2 * * ?', '2026-01-01T01:20:00Z', '2026-01-01T02:10Z'],
    ['5/20 * * * *', '2026-01-01T00:06:00Z', '2026-01-01T00:25Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00Z'],
    ['@every 90m', '2026-01-01T00:10:00Z', '2026-01-01T01:40Z'],
    ['0 0 30 2 *', '2026-01-01T00:00:00Z', undefined],
  ])('%s after %s is %s', (schedule, after, expected) => expect(next(schedule, after)).toBe(expected));

  it.each([
    ['0 9 * * *', '2026-01-01T00:00:00Z', 'America/New_York', '2026-01-01T14:00Z'],
    ['0 9 * * *', '2026-07-01T00:00:00Z', 'America/New_York', '2026-07-01T13:00Z'],
    ['0 0 * * *', '2026-01-01T00:00:00Z', 'Asia/Kathmandu', '2026-01-01T18:15Z'],
    // 2:30 does not exist on the day the clocks go forward, and comes twice when they go back.
    ['30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin', '2026-03-30T00:30Z'],
    ['30 2 * * *', '2026-10-25T00:30:00Z', 'Europe/Berlin', '2026-10-25T01:30Z'],
    ['0 0 * * *', '2026-03-28T23:30:00Z', 'Europe/Berlin', '2026-03-29T22:00Z'],
  ])('%s after %s in %s is %s', (schedule, after, zone, expected) => expect(next(schedule, after, zone)).toBe(expected));

  it('refuse zones that do not exist', () => expect(() => cronSchedule('* * * * *', 'Mars/Olympus')).toThrow(RangeError));

  it('write an instant with the offset of a zone', () => {
    expect(formatInZone(at('2026-01-01T14:00:00Z'), 'America/New_York')).toBe('2026-01-01T09:00:00-05:00');
    expect(formatInZone(at('2026-01-01T00:00:00Z'), 'Asia/Kathmandu')).toBe('2026-01-01T05:45:00+05:45');
    expect(formatInZone(at('2026-01-01T00:00:00Z'))).toBe('2026-01-01T00:00:00Z');
  });

  it.each([
    { what: 'an interval after it was made', schedule: '@every 1h', now: '2026-01-01T00:40:00Z', expected: '2026-01-01T01:10Z' },
    { what: 'an interval after the last time that has come, however late it is', schedule: '@every 1h', now: '2026-01-01T03:09:50Z', expected: '2026-01-01T03:10Z' },
    { what: 'an interval after the last start', schedule: '@every 1h', last: '2026-01-01T02:10:00Z', now: '2026-01-01T02:10:07Z', expected: '2026-01-01T03:10Z' },
    { what: 'soon though the clock was set back', schedule: '*/5 * * * *', last: '2026-01-01T09:00:00Z', now: '2026-01-01T02:11:00Z', expected: '2026-01-01T02:15Z' },
    { what: 'the next day that matches', schedule: '30 6-16/4 * * 1-5', last: '2026-01-02T14:30:00Z', now: '2026-01-02T15:00:00Z', expected: '2026-01-05T06:30Z' },
  ])('are looked at again $what', ({ schedule, last, now, expected }) => {
    const cronJob = { metadata: { creationTimestamp: '2026-01-01T00:10:00Z' }, spec: { schedule, jobTemplate: {} }, ...(last === undefined ? {} : { status: { lastScheduleTime: last } }) };
    const ms = nextTime(cronJob, cronSchedule(schedule, 'UTC'), at(now));
    expect(ms === undefined ? undefined : new Date(ms).toISOString().replace(':00.000Z', 'Z')).toBe(expected);
  });

  it('are met at the latest of the times that were missed', () => {
    const texts = fc.constantFrom('0 */6 * * *', '0 0 * * *', '0 9 * * mon-fri', '13 7 1,15 * *', '@every 97m', '30 2 * * *');
    fc.assert(fc.property(texts, fc.nat(50 * 24 * 60), (text, minutes) => {
      const start = at('2026-02-11T03:17:00Z');
      const now = start + minutes * 60_000;
      const schedule = cronSchedule(text, 'Europe/Berlin');
      let expected: number | undefined;
      for (let time = schedule.next(start); time !== undefined && time <= now; time = schedule.next(time)) expected = time;
      expect(missedTimes({ metadata: { creationTimestamp: '2026-02-11T03:17:00Z' }, spec: { schedule: text, jobTemplate: {} } }, schedule, now).latestMs).toBe(expected);
    }), { numRuns: 25 });
  });
});
