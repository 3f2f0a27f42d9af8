import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '@navarch/clock';
import { type ProcessSpec, commandLine } from '../processes/process-spec';

const firstRestartMs = 250;
const longestRestartMs = 5_000;
/** A process that lived this long starts again at once. */
const stableAfterMs = 20_000;
const killAfterMs = 15_000;
/** A log this long is put aside at the next start. */
const longLogBytes = 16 * 1024 ** 2;

export interface ProcessState {
  readonly name: string;
  readonly pid: number | undefined;
  /** `waiting`: for the process it starts after. */
  readonly state: 'waiting' | 'running' | 'restarting' | 'stopped';
  readonly restarts: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly lastExit: string | undefined;
}

/** Keeps one process running until it is told to stop; its output goes to its log file. */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #stopping = false;
  #started = false;
  #restarts = 0;
  #startedAt = 0;
  #delayMs = firstRestartMs;
  #lastExit: string | undefined;

  constructor(readonly spec: ProcessSpec, private readonly logFile: string, private readonly clock: Clock, private readonly onChange: () => void) {}

  start(): void {
    if (this.#stopping || this.#child !== undefined) return;
    this.#started = true;
    const log = openLog(this.logFile);
    const { command, args } = commandLine(this.spec);
    this.#startedAt = this.clock.now();
    // A session of its own: kernels share processors between sessions first (sched(7), autogroup), and the many that begin and end containers are in containerd's.
    const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env: { ...process.env, ...this.spec.env } });
    closeSync(log);
    this.#child = child;
    let ended = false;
    const end = (how: string): void => {
      if (ended) return;
      ended = true;
      this.#ended(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
    this.onChange();
  }

  #ended(how: string): void {
    this.#child = undefined;
    this.#lastExit = how;
    if (!this.#stopping) {
      if (this.clock.now() - this.#startedAt > stableAfterMs) this.#delayMs = firstRestartMs;
      const delay = this.#delayMs;
      this.#delayMs = Math.min(delay * 2, longestRestartMs);
      this.#restarts += 1;
      this.clock.setTimeout(() => this.start(), delay);
    }
    this.onChange();
  }

  /** SIGTERM, then SIGKILL for what does not go. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child?.pid === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = this.clock.setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    await gone;
    kill.cancel();
  }

  get state(): ProcessState {
    return {
      name: this.spec.name,
      pid: this.#child?.pid,
      state: this.#child !== undefined ? 'running' : this.#stopping ? 'stopped' : this.#started ? 'restarting' : 'waiting',
      restarts: this.#restarts,
      startedAt: this.#startedAt,
      lastExit: this.#lastExit,
    };
  }
}

function openLog(file: string): number {
  const length = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (length > longLogBytes) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}
