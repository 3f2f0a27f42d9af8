import { cronScheduleError } from './cron-schedule';

describe('cron schedules', () => {
  it.each(['* * * * *', '*/15 0 1,15 * 1-5', '0 0 * jan-DEC sun', '@hourly', '@every 1h30m', '5/15 * ? * *', '0 22 * * 1-5'])('%s is good', (schedule) => {
    expect(cronScheduleError(schedule)).toBeUndefined();
  });

  it.each([
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['@often', 'unrecognized descriptor: @often'],
  ])('%s is refused with %s', (schedule, error) => {
    expect(cronScheduleError(schedule)).toBe(error);
  });
});
