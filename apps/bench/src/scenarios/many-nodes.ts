import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { ApiRequests } from '../api-requests';
import { BenchCluster, type ClusterOptions } from '../cluster/bench-cluster';
import { cpuSeconds, memoryUse } from '../cluster/process-usage';
import type { Figure } from '../report/figure';

const pollMs = 500;
/** Beyond those that a cluster of the launcher takes. */
const healthzPort = 19_280;

interface NodeList {
  readonly items: readonly { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } }[];
}

/** What the kubelets of many simulated nodes hold and use when all are ready and nothing happens: they are one process, their containers' simulation another. */
export async function manyNodes(options: ClusterOptions, { nodes, idleSeconds }: { readonly nodes: number; readonly idleSeconds: number }, signal: AbortSignal): Promise<Figure[]> {
  const cluster = new BenchCluster({ ...options, name: `${options.name}-many` });
  let launcher: ChildProcess | undefined;
  try {
    await cluster.up(signal);
    const api = new ApiRequests(cluster.admin(), signal);
    const began = performance.now();
    launcher = spawn(
      process.execPath,
      [join(options.root, 'apps/navarch/dist/main.js'), 'nodes', '--name', cluster.name, '--count', String(nodes), '--healthz-port', String(healthzPort)],
      { cwd: options.root, stdio: 'ignore', detached: true },
    );
    const gone = once(launcher, 'exit').then(([code]): never => {
      throw new Error(`the nodes ended with ${String(code)}`);
    });
    // Whoever waits meanwhile is told.
    gone.catch(() => undefined);
    const ready = async (): Promise<number> => {
      const { items } = (await api.send('GET', '/api/v1/nodes')) as NodeList;
      return items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')).length;
    };
    while ((await Promise.race([ready(), gone])) < nodes) await systemClock.sleep(pollMs, signal);
    const readySeconds = (performance.now() - began) / 1000;
    await cluster.settle(signal);
    const pid = kubeletsOf(options.root, cluster.name);
    const [before, fromMs] = [cpuSeconds(pid), performance.now()];
    await Promise.race([systemClock.sleep(idleSeconds * 1000, signal), gone]);
    const percent = (100 * 1000 * (cpuSeconds(pid) - before)) / (performance.now() - fromMs);
    const { rssMib, pssMib, peakRssMib } = memoryUse(pid);
    api.close();
    return [
      {
        scenario: 'many-nodes',
        what: `memory of one process with the kubelets of ${nodes.toLocaleString('en')} nodes (RSS)`,
        value: rssMib,
        unit: 'MiB',
        detail: { pssMib: Math.round(pssMib), peakRssMib: Math.round(peakRssMib), readySeconds },
      },
      { scenario: 'many-nodes', what: 'of a core, the same process idle', value: percent, unit: '%' },
    ];
  } finally {
    await stop(launcher);
    await cluster.purge();
  }
}

/** As the launcher's supervisor writes it. */
function kubeletsOf(root: string, cluster: string): number {
  const { processes } = JSON.parse(readFileSync(join(root, '.navarch', cluster, `${cluster}-nodes`, 'processes.json'), 'utf8')) as { processes: { name: string; pid?: number }[] };
  const pid = processes.find(({ name }) => name.startsWith('kubelets@'))?.pid;
  if (pid === undefined) throw new Error('the kubelets do not run');
  return pid;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
