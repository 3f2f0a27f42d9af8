import { systemClock } from '@navarch/clock';
import { ApiRequests } from '../api-requests';
import { BenchCluster, type ClusterOptions } from '../cluster/bench-cluster';
import { cpuSeconds, memoryUse } from '../cluster/process-usage';
import { SimulatedNodes } from '../cluster/simulated-nodes';
import type { Figure } from '../report/figure';

/** What many simulated nodes hold and use when all are ready and nothing happens. */
export async function manyNodes(options: ClusterOptions, { nodes, idleSeconds }: { readonly nodes: number; readonly idleSeconds: number }, signal: AbortSignal): Promise<Figure[]> {
  const cluster = new BenchCluster({ ...options, name: `${options.name}-many` });
  let simulated: SimulatedNodes | undefined;
  try {
    await cluster.up(signal);
    const api = new ApiRequests(cluster.admin(), signal);
    const began = performance.now();
    simulated = new SimulatedNodes(options.root, cluster, nodes);
    await simulated.ready(api, signal);
    const readySeconds = (performance.now() - began) / 1000;
    await cluster.settle(signal);
    const { pid } = simulated;
    const [before, fromMs] = [cpuSeconds(pid), performance.now()];
    await Promise.race([systemClock.sleep(idleSeconds * 1000, signal), simulated.gone]);
    const percent = (100 * 1000 * (cpuSeconds(pid) - before)) / (performance.now() - fromMs);
    const { rssMib, pssMib, peakRssMib } = memoryUse(pid);
    api.close();
    return [
      {
        scenario: 'many-nodes',
        what: `memory of one process with ${nodes.toLocaleString('en')} simulated nodes (RSS)`,
        value: rssMib,
        unit: 'MiB',
        detail: { pssMib: Math.round(pssMib), peakRssMib: Math.round(peakRssMib), readySeconds },
      },
      { scenario: 'many-nodes', what: 'of a core, the same process idle', value: percent, unit: '%' },
    ];
  } finally {
    await simulated?.stop();
    await cluster.purge();
  }
}
