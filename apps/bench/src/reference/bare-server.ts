import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ReferenceJob, ReferenceReady } from './reference-job';

/** A running `reference-server`. */
export class BareServer {
  private constructor(private readonly child: ChildProcess, readonly port: number, readonly http2Port: number) {}

  static async start(job: ReferenceJob): Promise<BareServer> {
    const child = fork(join(__dirname, 'reference-server.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the reference server ended with ${String(code)}`);
    });
    child.send(job);
    const [ready] = (await Promise.race([once(child, 'message'), failed])) as [ReferenceReady];
    failed.catch(() => undefined); // its later end is `stop`
    return new BareServer(child, ready.port, ready.http2Port);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
