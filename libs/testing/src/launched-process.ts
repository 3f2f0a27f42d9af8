import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { eventually } from './eventually';

/** How much of a program's output is kept for error messages. */
const KEPT_OUTPUT = 64 * 1024;

/** A program under test's control: started, killed, frozen, started again. */
export class LaunchedProcess {
  #child: ChildProcess | undefined;
  #output = '';
  readonly #onExit = (): void => {
    this.#child?.kill('SIGKILL');
  };

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
    private readonly env: Readonly<Record<string, string>> = {},
  ) {}

  /** The end of what the program wrote. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the program and waits until it listens on a port. @throws with its output when it ends instead */
  async start(port: number): Promise<void> {
    const child = spawn(this.command, this.args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.env } });
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (this.#output = (this.#output + data.toString()).slice(-KEPT_OUTPUT)));
    process.once('exit', this.#onExit);
    await eventually(async () => {
      if (failure || !this.running) return true;
      await probePort(port);
      return true;
    });
    if (failure) throw new Error(`start ${this.command}`, { cause: failure });
    if (!this.running) throw new Error(`${this.command} ended: ${this.#output.slice(-2000)}`);
  }

  /** Freezes the program: its connections stay open and answer nothing. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Whether it is frozen by now: `pause` only asks for it. */
  get frozen(): boolean {
    return this.#child?.pid !== undefined && readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1').split(') ')[1]?.startsWith('T') === true;
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the program, in order unless SIGKILL is asked for, and waits until it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    process.off('exit', this.#onExit);
    if (!child || !this.running) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    // A frozen program takes its signal only when it runs again.
    child.kill('SIGCONT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
}

function probePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

/** Launches with fresh ports again when another process was quicker to take one. */
export async function withFreshPorts<T>(launch: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch();
    } catch (error) {
      if (attempt === 3 || !(error instanceof Error) || !error.message.includes('address already in use')) throw error;
    }
  }
}
