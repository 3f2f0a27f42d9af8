import { cpus } from 'node:os';
import type { LoopResult } from './http-loop';

export interface Fault {
  readonly what: string;
  /** From the fault until a Deployment was scaled and its pods were Ready; milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Longest time without an acknowledged write meanwhile; 0 when nobody wrote. */
  readonly gapMs: number;
}

export interface Writes {
  readonly acknowledged: number;
  /** Attempts that nobody answered, and that were repeated. */
  readonly unanswered: number;
  readonly slowestMs: number;
  readonly givenUp: number;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What faults cost, in Markdown. `read` is missing when the run ended before its readers did. */
export function faultTable(faults: readonly Fault[], writes: Writes, read: LoopResult | undefined): string {
  const repeated = read?.repeated ?? [];
  const during = ({ start, end }: Fault): number => repeated.filter((ms) => ms >= start && ms < end).length;
  const between = repeated.length - faults.reduce((sum, fault) => sum + during(fault), 0);
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} processors.`,
    '',
    '| fault | works again after | longest gap between writes | connections repeated |',
    '|---|---|---|---|',
    ...faults.map((fault) => `| ${fault.what} | ${seconds(fault.end - fault.start)} | ${fault.gapMs === 0 ? 'nobody wrote' : seconds(fault.gapMs)} | ${during(fault)} |`),
    '',
    `${writes.acknowledged} writes and reads were acknowledged, ${writes.unanswered} attempts had no answer and were repeated, ${writes.givenUp} were never answered; the slowest took ${seconds(writes.slowestMs)}.`,
    ...(read === undefined ? [] : [`Of ${read.requests} requests to the Service ${repeated.length} were repeated at another node (${between} of them between the faults above), ${read.failures.length} were never answered; the slowest took ${seconds(read.slowestMs)}.`]),
    '',
  ].join('\n');
}
