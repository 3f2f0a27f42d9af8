import { EvalError } from './eval-error';
import { Duration, Timestamp } from './value';

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

const NS = 1_000_000_000n;
/** 0001-01-01T00:00:00Z and the end of the year 9999, in seconds since the epoch. */
const [FIRST, LAST] = [-62_135_596_800n, 253_402_300_799n];

/** A time by nanoseconds since the epoch, in the years 1 to 9999. @throws EvalError outside of them */
export function timestampOf(ns: bigint, zone = 0): Timestamp {
  if (ns < FIRST * NS || ns >= (LAST + 1n) * NS) throw new EvalError('timestamp overflow');
  return new Timestamp(ns, zone);
}

/** Go's zero. */
export const FIRST_TIME = new Timestamp(FIRST * NS);

/** Undefined for what is no time. @throws EvalError for one that there is no room for */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match;
  // Date.UTC takes the years 0 to 99 for those of the last century.
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const ms = date.setUTCHours(Number(hour), Number(minute), Number(second));
  if (Number(month) > 12 || date.getUTCDate() !== Number(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHours) > 24 || Number(offsetMinutes) > 59) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1);
  return timestampOf((BigInt(ms) - BigInt(offset) * 60_000n) * 1_000_000n + BigInt(fraction.padEnd(9, '0')), offset);
}

const UNITS: Readonly<Record<string, bigint>> = { ns: 1n, us: 1_000n, µs: 1_000n, μs: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n };

/** Go's notation: `1h30m`, `-1.5s`. Undefined for what is none. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([+-]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (!match) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = UNITS[unit] ?? 0n;
    total += BigInt(whole === '' ? '0' : whole) * size;
    if (fraction !== '') total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  const ns = match[1] === '-' ? -total : total;
  return BigInt.asIntN(64, ns) === ns ? new Duration(ns) : undefined;
}

/** RFC 3339 in its own zone, with as much of a fraction as there is. */
export function formatTimestamp({ ns, zone }: Timestamp): string {
  const seconds = ns >= 0n ? ns / 1_000_000_000n : -((-ns + 999_999_999n) / 1_000_000_000n);
  const fraction = String(ns - seconds * 1_000_000_000n).padStart(9, '0').replace(/0+$/, '');
  // Behind the year 9999, where a zone may lead, the sign and a zero come before it.
  const local = new Date((Number(seconds) + zone * 60) * 1000).toISOString().replace(/\.\d+Z$/, '').replace(/^\+0/, '');
  return `${local}${fraction === '' ? '' : `.${fraction}`}${zoneText(zone)}`;
}

function zoneText(zone: number): string {
  if (zone === 0) return 'Z';
  const [hours, minutes] = [Math.floor(Math.abs(zone) / 60), Math.abs(zone) % 60].map((part) => String(part).padStart(2, '0'));
  return `${zone < 0 ? '-' : '+'}${hours ?? ''}:${minutes ?? ''}`;
}

/** Seconds, as `string(duration)` gives them. */
export function formatDuration({ ns }: Duration): string {
  const [sign, size] = ns < 0n ? ['-', -ns] : ['', ns];
  const fraction = String(size % 1_000_000_000n).padStart(9, '0').replace(/0+$/, '');
  return `${sign}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}s`;
}
