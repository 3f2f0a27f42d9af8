/** What clocks and calendars on the wall show. */
export interface WallTime {
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** From 0, Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Reads the wall clock of a zone, or of this process without one. @throws RangeError for an unknown zone */
export function wallClock(zone?: string): (ms: number) => WallTime {
  if (zone === 'UTC' || zone === 'Etc/UTC') return utc;
  const options = { month: 'numeric', day: 'numeric', weekday: 'short', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en-US', zone === undefined ? options : { ...options, timeZone: zone });
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type as string, value]));
    const number = (type: string): number => Number(parts.get(type));
    return { month: number('month'), day: number('day'), weekday: WEEKDAYS.indexOf(parts.get('weekday') ?? ''), hour: number('hour'), minute: number('minute') };
  };
}

export function isZone(zone: string): boolean {
  try {
    wallClock(zone);
    return true;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return false;
  }
}

function utc(ms: number): WallTime {
  const date = new Date(ms);
  return { month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: date.getUTCDay(), hour: date.getUTCHours(), minute: date.getUTCMinutes() };
}

/** An instant in RFC 3339 with the offset of a zone; without a zone in UTC. */
export function formatInZone(ms: number, zone?: string): string {
  const utcText = new Date(ms).toISOString().slice(0, 19);
  if (zone === undefined || zone === 'UTC' || zone === 'Etc/UTC') return `${utcText}Z`;
  const offset = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', '') ?? '';
  if (offset === '') return `${utcText}Z`;
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  const shiftMs = (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return `${new Date(ms + shiftMs).toISOString().slice(0, 19)}${offset.slice(0, 6)}`;
}
