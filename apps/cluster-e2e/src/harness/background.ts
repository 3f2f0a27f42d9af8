import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { root } from './cluster';

/** A program that runs beside a test, with all that it has said so far. */
export class Background {
  said = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
  }

  static start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Background {
    return new Background(spawn(command, args, { cwd: root, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
