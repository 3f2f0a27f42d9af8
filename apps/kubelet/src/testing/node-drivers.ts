import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The drivers of `node-drivers-process.ts`, and what they were asked. */
export class NodeDrivers {
  readonly calls: string[] = [];
  #child: ChildProcess | undefined;

  constructor(private readonly rootDir: string) {}

  /** Resolves when they serve; the kubelet finds them by itself. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--conditions=@navarch/source', '--import', 'tsx', join(__dirname, 'node-drivers-process.ts'), this.rootDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the drivers ended with ${String(code)}`);
    });
    await Promise.race([ended, new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'serving') resolve();
        else this.calls.push(line);
      });
    })]);
    ended.catch(() => undefined); // its end is looked for in `stop`
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.stdin?.end();
    await exited;
  }
}
