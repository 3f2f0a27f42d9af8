import { ApiRequests } from '../../api-requests';
import { BenchCluster, type ClusterOptions } from '../../cluster/bench-cluster';
import { waitForQuiet } from '../../cluster/wait-for-quiet';
import type { Figure } from '../../report/figure';
import type { Sizes } from '../../sizes';
import type { NodeContext, NodeScenario } from './node-scenario';

/** Runs scenarios on a cluster of their own, which is removed whatever happens. */
export async function runOnNode(
  options: ClusterOptions,
  scenarios: readonly NodeScenario[],
  how: { readonly sizes: Sizes; readonly patienceSeconds: number; readonly print: (text: string) => void },
  signal: AbortSignal,
): Promise<Figure[]> {
  const cluster = new BenchCluster({ ...options, name: `${options.name}-node`, realNodes: 1 });
  const figures: Figure[] = [];
  try {
    await cluster.up(signal);
    const target = cluster.admin();
    const api = new ApiRequests(target, signal);
    const context: NodeContext = {
      cluster,
      sizes: how.sizes,
      signal,
      api,
      connection: { ...target, servername: 'localhost' },
      quiet: () => waitForQuiet(how.patienceSeconds, () => 0, signal),
    };
    for (const scenario of scenarios) {
      how.print(`${scenario.name}: ${scenario.what} ...\n`);
      figures.push(...(await scenario.run(context)));
    }
    api.close();
  } finally {
    await cluster.purge();
  }
  return figures;
}
