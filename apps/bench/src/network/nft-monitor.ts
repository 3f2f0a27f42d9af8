import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

interface Awaited {
  readonly text: string;
  readonly resolve: (atMs: number) => void;
  readonly reject: (error: Error) => void;
}

/** Tells when changes of nftables reach the kernel, in a process's network namespace. */
export class NftMonitor {
  readonly #child: ChildProcess;
  #awaited: Awaited[] = [];
  #rest = '';
  #failure: Error | undefined;

  constructor(pid: number, signal: AbortSignal) {
    this.#child = spawn('nsenter', ['--target', String(pid), '--net', '--', 'nft', 'monitor', 'new', 'elements'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, by) => this.#fail(new Error(`nft monitor ended with ${String(code ?? by)}`)));
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
  }

  /** When, by performance.now(), a new element had this text in it. */
  sees(text: string): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const seen = new Promise<number>((resolve, reject) => this.#awaited.push({ text, resolve, reject }));
    seen.catch(() => undefined); // whoever waits hears of it
    return seen;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #take(chunk: string): void {
    const now = performance.now();
    const text = this.#rest + chunk;
    const found = this.#awaited.filter((awaited) => text.includes(awaited.text));
    this.#awaited = this.#awaited.filter((awaited) => !found.includes(awaited));
    for (const { resolve } of found) resolve(now);
    // What is looked for may be cut in two.
    this.#rest = text.slice(-64);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#awaited.splice(0)) reject(this.#failure);
  }
}
