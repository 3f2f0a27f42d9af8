import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { apiserverOf, type AnyCluster } from '../cluster/any-cluster';
import { Layout } from '../cluster/layout';
import { MemoryDirectory } from '../host/memory-directory';
import { manyNodesSpecs } from '../processes/many-nodes';
import { Supervisor } from '../supervisor/supervisor';

export interface NodesOptions {
  readonly root: string;
  readonly cluster: AnyCluster;
  readonly count: number;
  readonly prefix: string;
  readonly healthzPort: number;
}

/** Everything goes to this process's own output: whoever runs it keeps the logs. */
const output = '/dev/stderr';
/** What the volumes of as many pods as one node takes may need: each has a token, certificates and the directories around them. */
const volumeBytesOfNode = 110 * 64 * 1024;

/**
 * `navarch nodes`: simulated nodes for a cluster that runs, as many as one process can hold, until it is told to stop. Their containers end with it; their
 * objects stay in the API. They act as the administrator: no node's certificate may speak for another.
 */
export async function nodes({ root, cluster, count, prefix, healthzPort }: NodesOptions): Promise<void> {
  const { address: apiserver, files: identity } = apiserverOf(cluster);
  const layout = 'name' in cluster ? new Layout(`${cluster.name}-nodes`, new Layout(cluster.name).dir) : new Layout('simulated-nodes');
  for (const dir of [layout.dir, layout.runtimeDir]) mkdirSync(dir, { recursive: true });
  // Of one process: no other has its port.
  const memory = MemoryDirectory.make(join(layout.dir, `memory-${healthzPort}`), count * volumeBytesOfNode);
  const supervisor = new Supervisor(layout, manyNodesSpecs({ root, dir: memory?.path ?? layout.dir, apiserver, identity, count, prefix, healthzPort }), systemClock, () => output);
  const stop = (): void => void supervisor.stop().then(() => {
    memory?.remove();
    for (const dir of [layout.dir, layout.runtimeDir]) rmSync(dir, { recursive: true, force: true });
    process.exit(0);
  });
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await supervisor.start();
}
