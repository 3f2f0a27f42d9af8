import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** A process in a network namespace that answers one line of JSON for each it is given. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #early: string[] = [];
  readonly #ended: Promise<never>;

  constructor(netns: string, args: readonly string[]) {
    this.#child = spawn('ip', ['netns', 'exec', netns, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${String(code)}`)));
    // Only who waits for a line wants to know.
    this.#ended.catch(() => undefined);
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('a process without output');
    this.#lines = createInterface({ input: stdout });
    this.#lines.on('line', (line) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#early.push(line);
      else next(line);
    });
  }

  async read(): Promise<Record<string, unknown>> {
    const line = this.#early.shift() ?? (await Promise.race([new Promise<string>((resolve) => this.#waiting.push(resolve)), this.#ended]));
    return JSON.parse(line) as Record<string, unknown>;
  }

  async ask(question: object): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    return this.read();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
