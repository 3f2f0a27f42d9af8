import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type LogStream = 'stdout' | 'stderr';

/** RFC 3339 with nine digits of fraction, as every runtime writes it. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000000Z');
}

/** One chunk of output in CRI's log format: each line with time, stream and F, or P for a line without its end. */
function formatCriLog(at: number, stream: LogStream, text: string): string {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  const stamp = timestamp(at);
  return lines.map((line) => `${stamp} ${stream} F ${line}\n`).join('') + (rest === '' ? '' : `${stamp} ${stream} P ${rest}\n`);
}

/**
 * A container's log file. It is open only while something is written: thousands of containers must not hold
 * thousands of descriptors, so rotation needs nothing of `reopen` but that the file exists again.
 */
export class ContainerLog {
  constructor(private readonly path: string) {}

  /** Creates the file; a container without a log path has none. */
  create(): void {
    if (this.path === '') return;
    mkdirSync(dirname(this.path), { recursive: true });
    closeSync(openSync(this.path, 'a', 0o640));
  }

  reopen(): void {
    this.create();
  }

  /** Appends; a log directory that its owner has removed swallows the output, as a real runtime's open file would. */
  append(at: number, stream: LogStream, text: string): void {
    if (this.path === '' || text === '') return;
    let file: number;
    try {
      file = openSync(this.path, 'a', 0o640);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      writeSync(file, formatCriLog(at, stream, text));
    } finally {
      closeSync(file);
    }
  }
}
