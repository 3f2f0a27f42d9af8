import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** How much of a program's output is kept for error messages. */
const keptOutput = 64 * 1024;

/** A program of Node.js in a network namespace, from its start until `stop`. */
export class NamespaceProcess {
  readonly #child: ChildProcess;
  #output = '';

  constructor(netns: string, args: readonly string[]) {
    this.#child = spawn('ip', ['netns', 'exec', netns, process.execPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (data: Buffer) => (this.#output = (this.#output + data.toString()).slice(-keptOutput)));
  }

  /** The end of what the program wrote. */
  get output(): string {
    return this.#output;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

/** Leads from a port of a namespace's own 127.0.0.1 to a Unix socket: sockets of that kind are the same in all network namespaces, but TLS names hosts. */
export const forwardTo = (netns: string, port: number, socket: string): NamespaceProcess => new NamespaceProcess(netns, [join(__dirname, 'socket-forwarder.cjs'), String(port), socket]);
