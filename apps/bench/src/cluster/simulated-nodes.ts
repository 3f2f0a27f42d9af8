import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import type { ApiRequests } from '../api-requests';
import type { BenchCluster } from './bench-cluster';

const pollMs = 500;
/** Beyond those that a cluster of the launcher takes. */
const healthzPort = 19_280;

interface NodeList {
  readonly items: readonly { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } }[];
}

/** Nodes of a cluster whose containers are simulated, many in one process, run as a user would run them. */
export class SimulatedNodes {
  readonly #launcher: ChildProcess;
  /** Rejects when they end. */
  readonly gone: Promise<never>;

  constructor(private readonly root: string, private readonly cluster: BenchCluster, readonly count: number) {
    this.#launcher = spawn(
      process.execPath,
      [join(root, 'apps/navarch/dist/main.js'), 'nodes', '--name', cluster.name, '--count', String(count), '--healthz-port', String(healthzPort)],
      { cwd: root, stdio: 'ignore', detached: true },
    );
    this.gone = once(this.#launcher, 'exit').then(([code]): never => {
      throw new Error(`the nodes ended with ${String(code)}`);
    });
    // Whoever waits meanwhile is told.
    this.gone.catch(() => undefined);
  }

  /** Resolves when all of them are Ready. @throws Error when their process ends before that */
  async ready(api: ApiRequests, signal: AbortSignal): Promise<void> {
    const readyNodes = async (): Promise<number> => {
      const { items } = (await api.send('GET', '/api/v1/nodes')) as NodeList;
      return items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')).length;
    };
    while ((await Promise.race([readyNodes(), this.gone])) < this.count) await systemClock.sleep(pollMs, signal);
  }

  /** The process of all kubelets, and of the simulation of their containers. */
  get pid(): number {
    // As the launcher's supervisor writes it.
    const file = join(this.root, '.navarch', this.cluster.name, `${this.cluster.name}-nodes`, 'processes.json');
    const { processes } = JSON.parse(readFileSync(file, 'utf8')) as { processes: { name: string; pid?: number }[] };
    const pid = processes.find(({ name }) => name.startsWith('kubelets@'))?.pid;
    if (pid === undefined) throw new Error('the kubelets do not run');
    return pid;
  }

  async stop(): Promise<void> {
    if (this.#launcher.exitCode !== null || this.#launcher.signalCode !== null) return;
    const ended = once(this.#launcher, 'exit');
    this.#launcher.kill('SIGTERM');
    await ended;
  }
}
