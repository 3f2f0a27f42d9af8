import { request } from 'node:https';
import { systemClock } from '@navarch/clock';
import { BenchCluster, readPair, type ClusterOptions } from '../cluster/bench-cluster';
import { waitForQuiet } from '../cluster/wait-for-quiet';
import type { Figure } from '../report/figure';
import { upstreamFigures } from '../report/upstream-figures';

const askEveryMs = 20;
const readyWithinMs = 120_000;
const servers = { apiserver: 'apiserver', scheduler: 'scheduler', 'controller-manager': 'controllerManager' } as const;

/**
 * How long a control plane takes from nothing to ready: from the first process spawned (certificates are made before) until /readyz of
 * the apiserver, the scheduler and the controller-manager is well, with an empty etcd. The median of several clusters.
 */
export async function startUp(options: ClusterOptions, { times, patienceSeconds }: { readonly times: number; readonly patienceSeconds: number }, signal: AbortSignal): Promise<Figure> {
  const all: Record<string, number>[] = [];
  for (let time = 0; time < times; time++) {
    await waitForQuiet(patienceSeconds, () => 0, signal);
    all.push(await startOnce(new BenchCluster({ ...options, name: `${options.name}-s${time}` }), signal));
  }
  const longest = all.map((each) => Math.max(...Object.values(each))).sort((a, b) => a - b);
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return {
    scenario: 'start-up', what: `control plane from nothing to ready (median of ${times})`, value: median(longest), unit: 's', upstream: upstreamFigures.startUp,
    detail: Object.fromEntries(Object.keys(servers).map((name) => [`${name}Seconds`, median(all.map((each) => each[name] ?? Number.NaN))])),
  };
}

async function startOnce(cluster: BenchCluster, signal: AbortSignal): Promise<Record<string, number>> {
  const ready: Record<string, number> = {};
  try {
    await cluster.up(signal, async () => {
      // Those that wait for the apiserver have not started.
      const began = Math.min(...cluster.processes().map((entry) => entry.startedAt).filter((startedAt) => startedAt > 0));
      await Promise.all(Object.entries(servers).map(async ([name, port]) => {
        await becomesReady(cluster, cluster.port(port), signal);
        ready[name] = (systemClock.now() - began) / 1000;
      }));
    });
  } finally {
    await cluster.purge();
  }
  return ready;
}

async function becomesReady(cluster: BenchCluster, port: number, signal: AbortSignal): Promise<void> {
  const identity = readPair(cluster.pki.admin);
  const deadline = systemClock.now() + readyWithinMs;
  while (!(await isReady(port, identity))) {
    if (systemClock.now() > deadline) throw new Error(`port ${port} was not ready within ${readyWithinMs / 1000} s`);
    await systemClock.sleep(askEveryMs, signal);
  }
}

function isReady(port: number, identity: { ca: string; cert: string; key: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/readyz', timeout: 2_000, servername: 'localhost', ...identity }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    // Nobody listens yet.
    call.on('error', () => resolve(false));
    call.end();
  });
}
