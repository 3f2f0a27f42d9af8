import { cpus } from 'node:os';
import type { ReadResult } from './reader';

export interface Fault {
  readonly what: string;
  /** From the fault until a Deployment was scaled and its pods were Ready, or what was replaced was well; milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Longest time without an acknowledged write meanwhile; 0 when nobody wrote. */
  readonly gapMs: number;
}

export interface Writes {
  readonly acknowledged: number;
  readonly perSecond: number;
  /** Attempts that nobody answered, and that were repeated. */
  readonly unanswered: number;
  readonly slowestMs: number;
  readonly givenUp: number;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What faults cost, in Markdown: a line for each, then what writers and the reader of each Service saw. `reads` is empty when the run ended before its readers did. */
export function faultTable(faults: readonly Fault[], writes: Writes, reads: ReadonlyMap<string, ReadResult>): string {
  const during = ({ start, end }: Fault, { repeated }: ReadResult): number => repeated.filter((ms) => ms >= start && ms < end).length;
  const between = (read: ReadResult): number => read.repeated.length - faults.reduce((sum, fault) => sum + during(fault, read), 0);
  const services = [...reads.keys()];
  const row = (...cells: readonly (number | string)[]): string => `| ${cells.join(' | ')} |`;
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} processors.`,
    '',
    row('fault', 'works again after', 'longest gap between writes', ...services.map((service) => `repeated: ${service}`)),
    row('---', '---', '---', ...services.map(() => '---')),
    ...faults.map((fault) =>
      row(
        fault.what,
        seconds(fault.end - fault.start),
        fault.gapMs === 0 ? 'nobody wrote' : seconds(fault.gapMs),
        ...[...reads.values()].map((read) => during(fault, read)),
      ),
    ),
    '',
    `${writes.acknowledged} writes were acknowledged, ${writes.perSecond.toFixed(0)} a second over all faults, and read back; ${writes.unanswered} attempts had no answer and were repeated, ${writes.givenUp} were never answered; the slowest took ${seconds(writes.slowestMs)}.`,
    '',
    row('reader of', 'requests', 'repeated', 'of them between the faults', 'never answered', 'slowest'),
    row('---', '---', '---', '---', '---', '---'),
    ...[...reads].map(([service, read]) => row(service, read.requests, read.repeated.length, between(read), read.failures.length, seconds(read.slowestMs))),
    '',
  ].join('\n');
}
