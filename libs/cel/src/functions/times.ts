import { EvalError } from '../values/eval-error';
import { type Duration, type Timestamp } from '../values/value';
import { overload, type Overload } from './overload';

type Part = (date: Date, ns: bigint) => number;

const NS_PER_MS = 1_000_000n;

/** A date whose UTC fields show the wall clock of a zone: a name of the database, or `+02:00`. */
function inZone({ ns }: Timestamp, zone: string): Date {
  const ms = Number(ns / NS_PER_MS);
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset) return new Date(ms + (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000);
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(ms);
    const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
    return new Date(Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'), ((ms % 1000) + 1000) % 1000));
  } catch (error) {
    if (error instanceof RangeError) throw new EvalError(`unknown time zone ${zone}`);
    throw error;
  }
}

const dayOfYear: Part = (date) => Math.floor((Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);

const PARTS: Readonly<Record<string, Part>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const LENGTHS: Readonly<Record<string, (ns: bigint) => bigint>> = {
  getHours: (ns) => ns / 3_600_000_000_000n,
  getMinutes: (ns) => ns / 60_000_000_000n,
  getSeconds: (ns) => ns / 1_000_000_000n,
  getMilliseconds: (ns) => ns / 1_000_000n,
};

export const times: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    overload(`timestamp -> ${name}(): int`, (time: Timestamp) => BigInt(part(inZone(time, '+00:00'), time.ns))),
    overload(`timestamp -> ${name}(string): int`, (time: Timestamp, zone: string) => BigInt(part(inZone(time, zone), time.ns))),
  ]),
  ...Object.entries(LENGTHS).map(([name, part]) => overload(`duration -> ${name}(): int`, (length: Duration) => part(length.ns))),
];
