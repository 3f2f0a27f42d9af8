import { parseDuration } from '@navarch/component-base';
import { wallClock, type WallTime } from './wall-clock';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A schedule that matches no day within this time matches none: 30 February, for example. */
const HORIZON_MS = 5 * 366 * DAY;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

/** When something is to happen, again and again. */
export interface Schedule {
  /** The first time after `afterMs`; undefined if there is none. */
  next(afterMs: number): number | undefined;
}

interface Fields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: ReadonlySet<number>;
  /** Either kind of day will do if both are restricted. */
  readonly eitherDay: boolean;
}

/** A valid schedule of five fields, a descriptor such as `@daily`, or `@every 1h30m`, in a zone. @throws RangeError for an unknown zone */
export function cronSchedule(text: string, zone?: string): Schedule {
  if (text.startsWith('@every ')) {
    const everyMs = Math.max(SECOND, Math.floor((parseDuration(text.slice('@every '.length)) ?? 0) / SECOND) * SECOND);
    return { next: (afterMs) => Math.floor(afterMs / SECOND) * SECOND + everyMs };
  }
  const fields = parseFields(DESCRIPTORS[text] ?? text);
  const wall = wallClock(zone);
  return { next: (afterMs) => nextMatch(fields, wall, afterMs) };
}

function parseFields(text: string): Fields {
  const [minutes = '', hours = '', daysOfMonth = '', months = '', daysOfWeek = ''] = text.split(/\s+/).filter((part) => part !== '');
  const isAny = (field: string): boolean => field.split(',').some((term) => /^[*?](\/1)?$/.test(term));
  return {
    minutes: parseField(minutes, 0, 59),
    hours: parseField(hours, 0, 23),
    daysOfMonth: parseField(daysOfMonth, 1, 31),
    months: parseField(months, 1, 12, MONTHS),
    daysOfWeek: parseField(daysOfWeek, 0, 6, DAYS),
    eitherDay: !isAny(daysOfMonth) && !isAny(daysOfWeek),
  };
}

function parseField(text: string, min: number, max: number, names: readonly string[] = []): ReadonlySet<number> {
  const valueOf = (word: string): number => (names.includes(word.toLowerCase()) ? names.indexOf(word.toLowerCase()) + min : Number(word));
  const values = new Set<number>();
  for (const term of text.split(',').filter((part) => part !== '')) {
    const [range = '', step] = term.split('/');
    const [low = '', high] = range.split('-');
    const any = low === '*' || low === '?';
    const first = any ? min : valueOf(low);
    const last = any || (high === undefined && step !== undefined) ? max : valueOf(high ?? low);
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

/** Times that the clocks skip in spring are skipped, those that come twice in autumn happen as often as the wall clock shows them. */
function nextMatch(fields: Fields, wall: (ms: number) => WallTime, afterMs: number): number | undefined {
  let ms = Math.floor(afterMs / MINUTE) * MINUTE + MINUTE;
  while (ms - afterMs < HORIZON_MS) {
    const now = wall(ms);
    if (!fields.months.has(now.month) || !dayMatches(fields, now)) ms = nextMidnight(ms, now, wall);
    else if (!fields.hours.has(now.hour)) ms += HOUR - now.minute * MINUTE;
    else if (!fields.minutes.has(now.minute)) ms += MINUTE;
    else return ms;
  }
  return undefined;
}

function dayMatches({ daysOfMonth, daysOfWeek, eitherDay }: Fields, { day, weekday }: WallTime): boolean {
  return eitherDay ? daysOfMonth.has(day) || daysOfWeek.has(weekday) : daysOfMonth.has(day) && daysOfWeek.has(weekday);
}

/** The start of the next day, which may be 23 or 25 hours long. */
function nextMidnight(ms: number, { hour, minute }: WallTime, wall: (ms: number) => WallTime): number {
  const guess = ms + DAY - hour * HOUR - minute * MINUTE;
  const { hour: met } = wall(guess);
  if (met === 0) return guess;
  return met > 12 ? guess + (24 - met) * HOUR : Math.max(ms + MINUTE, guess - met * HOUR);
}
