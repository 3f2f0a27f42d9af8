import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { systemClock } from '@navarch/clock';
import { ApiRequests } from './api-requests';
import { BenchCluster, benchUser, type ClusterOptions } from './cluster/bench-cluster';
import { waitForQuiet } from './cluster/wait-for-quiet';
import { measure, measureReference, type MeasureOptions } from './measure';
import type { Figure } from './report/figure';
import { machine } from './report/machine';
import { figuresTable } from './report/table';
import { loadScenarios } from './scenarios';
import { idleMemory, peakMemory } from './scenarios/memory';
import type { BenchContext } from './scenarios/scenario';
import { schedulerAlone } from './scenarios/scheduler-alone';
import { manyNodes } from './scenarios/many-nodes';
import { nodeScenarios } from './scenarios/real-node';
import { runOnNode } from './scenarios/real-node/run-on-node';
import { scaleUp } from './scenarios/scale-up';
import { startUp } from './scenarios/start-up';
import type { Sizes } from './sizes';

export interface BenchOptions {
  readonly root: string;
  /** Of the cluster, which is made for this and removed. */
  readonly name: string;
  readonly only: readonly string[];
  readonly sizes: Sizes;
  readonly profile: readonly string[];
  /** How long each measurement waits for other work on the machine to end. */
  readonly patienceSeconds: number;
  readonly print: (text: string) => void;
}

/** Measures, prints a table, writes JSON. Whatever happens, the clusters are removed. */
export async function runBench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const { root, sizes, print } = options;
  const results = join(root, 'bench-results');
  mkdirSync(results, { recursive: true });
  const path = join(results, new Date(systemClock.now()).toISOString().replaceAll(':', '-').replace(/\.\d+Z$/, ''));
  const before = machine();
  const figures: Figure[] = [];
  const wanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const cluster: ClusterOptions = { root, name: options.name, inspectable: options.profile.length > 0 };

  if (wanted('scheduler-alone')) {
    print('scheduler-alone ...\n');
    figures.push(...schedulerAlone(sizes));
  }
  if (wanted('start-up')) {
    print('start-up ...\n');
    figures.push(await startUp(cluster, { times: sizes.startUps, patienceSeconds: options.patienceSeconds }, signal));
  }
  const onNode = nodeScenarios.filter(({ name }) => wanted(name));
  if (onNode.length > 0) {
    if (process.getuid?.() === 0) figures.push(...await runOnNode(cluster, onNode, options, signal));
    else print(`${onNode.map(({ name }) => name).join(', ')}: left out, real containers want root\n`);
  }
  if (wanted('many-nodes')) {
    print('many-nodes ...\n');
    figures.push(...await manyNodes(cluster, sizes.manyNodes, signal));
  }
  if (wanted('scale-up')) {
    print('scale-up ...\n');
    figures.push(await scaleUp(cluster, { replicas: sizes.scaleUp, patienceSeconds: options.patienceSeconds }, signal));
  }
  figures.push(...await onOneCluster(options, cluster, { wanted, profilePath: path }, signal));
  const after = machine();
  print(`\n${figuresTable(figures, before, after)}`);
  writeFileSync(`${path}.json`, `${JSON.stringify({ machine: before, loadAfter: after.load, sizes, figures }, null, 2)}\n`);
  print(`written to ${relative(process.cwd(), `${path}.json`)}\n`);
}

interface Choice {
  readonly wanted: (name: string) => boolean;
  readonly profilePath: string;
}

async function onOneCluster(options: BenchOptions, clusterOptions: ClusterOptions, { wanted, profilePath }: Choice, signal: AbortSignal): Promise<Figure[]> {
  const scenarios = loadScenarios.filter(({ name }) => wanted(name));
  if (scenarios.length === 0 && !wanted('idle-memory') && !wanted('peak-memory')) return [];
  const { sizes, print, root, profile, patienceSeconds } = options;
  const figures: Figure[] = [];
  const cluster = new BenchCluster(clusterOptions);
  try {
    print(`starting cluster ${cluster.name} ...\n`);
    await cluster.up(signal);
    if (wanted('idle-memory')) {
      print('idle-memory ...\n');
      figures.push(await idleMemory(cluster, sizes.idleSeconds, signal));
    }
    const admin = cluster.admin();
    const api = new ApiRequests(admin, signal);
    await allowUser(api);
    const how: MeasureOptions = { cluster, profile, profilePath, patienceSeconds, print, signal };
    const context: BenchContext = {
      root, cluster, sizes, signal, api, admin, user: await cluster.user(),
      measure: (scenario, job) => measure(how, scenario, job),
      quiet: () => waitForQuiet(patienceSeconds, () => Object.values(cluster.cpu()).reduce((sum, value) => sum + value, 0), signal),
      measureReference: (job, pid) => measureReference(how, job, pid),
    };
    for (const scenario of scenarios) {
      print(`${scenario.name}: ${scenario.what} ...\n`);
      figures.push(...await scenario.run(context));
    }
    api.close();
    if (wanted('peak-memory')) figures.push(peakMemory(cluster));
    const restarted = cluster.processes().filter((entry) => entry.restarts > 0);
    if (restarted.length > 0) throw new Error(`the figures are of no use, because these processes ended and were started again: ${restarted.map(({ name }) => name).join(', ')}`);
  } finally {
    print('removing the cluster ...\n');
    await cluster.purge();
  }
  return figures;
}

/** The load's user may do what the load does, no more. */
async function allowUser(api: ApiRequests): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const apiVersion = `${group}/v1`;
  await api.send('POST', `/apis/${group}/v1/clusterroles`, {
    apiVersion, kind: 'ClusterRole', metadata: { name: benchUser },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create', 'patch'] }],
  });
  await api.send('POST', `/apis/${group}/v1/clusterrolebindings`, {
    apiVersion, kind: 'ClusterRoleBinding', metadata: { name: benchUser },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: benchUser }, subjects: [{ kind: 'User', apiGroup: group, name: benchUser }],
  });
}
