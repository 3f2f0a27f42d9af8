import { systemClock } from '@navarch/clock';
import type { BenchCluster } from '../cluster/bench-cluster';
import { memoryUse } from '../cluster/process-usage';
import type { Figure } from '../report/figure';
import { upstreamFigures } from '../report/upstream-figures';

/** The control plane; the launcher's supervisor is not a part of it. */
const controlPlane = ['etcd', 'nats', 'apiserver', 'controller-manager', 'scheduler'];

/** What the control plane holds when nobody has asked anything yet. */
export async function idleMemory(cluster: BenchCluster, seconds: number, signal: AbortSignal): Promise<Figure> {
  await systemClock.sleep(seconds * 1000, signal);
  const uses = controlPlane.map((name) => [name, memoryUse(cluster.pid(name))] as const);
  const pss = uses.reduce((total, [, use]) => total + use.pssMib, 0);
  return {
    scenario: 'idle-memory', what: 'idle memory, control plane with etcd and NATS (PSS)', value: pss, unit: 'MiB', upstream: upstreamFigures.idleMemory,
    detail: { rssMib: Math.round(uses.reduce((total, [, use]) => total + use.rssMib, 0)), ...Object.fromEntries(uses.map(([name, use]) => [`${name}PssMib`, Math.round(use.pssMib)])) },
  };
}

/** The most that the apiserver ever held, after all the load. */
export function peakMemory(cluster: BenchCluster): Figure {
  const { peakRssMib, rssMib } = memoryUse(cluster.pid('apiserver'));
  return {
    scenario: 'peak-memory',
    what: 'peak memory of the apiserver in this load (RSS)',
    value: peakRssMib,
    unit: 'MiB',
    upstream: upstreamFigures.peakMemory,
    detail: { rssNowMib: Math.round(rssMib) },
  };
}
