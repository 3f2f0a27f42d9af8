/** One line of a container's log as the runtime writes it: `2026-01-01T00:00:00.123456789Z stdout F text`. */
export interface CriLogLine {
  /** As written, to the nanosecond. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The text goes on in the next line. */
  readonly partial: boolean;
  readonly content: Buffer;
}

const space = 0x20;

/** Parses a line without its newline; undefined when it is none. */
export function parseLogLine(line: Buffer): CriLogLine | undefined {
  const afterTime = line.indexOf(space);
  const afterStream = line.indexOf(space, afterTime + 1);
  if (afterTime < 0 || afterStream < 0) return undefined;
  const found = line.indexOf(space, afterStream + 1);
  const afterTags = found < 0 ? line.length : found;
  const stream = line.toString('latin1', afterTime + 1, afterStream);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tags = line.toString('latin1', afterStream + 1, afterTags).split(':');
  return { time: line.toString('latin1', 0, afterTime), stream, partial: tags[0] === 'P', content: line.subarray(afterTags + 1) };
}

/** Nanoseconds since the epoch of a time as logs carry it; undefined when it is none. */
export function logTimeToNanoseconds(time: string): bigint | undefined {
  const [, seconds, fraction = '', zone] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  if (seconds === undefined || zone === undefined) return undefined;
  const ms = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
