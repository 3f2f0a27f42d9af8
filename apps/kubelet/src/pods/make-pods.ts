import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { observePod } from '../runtime/observe-pod';
import { type RuntimeWatcher } from '../runtime/runtime-watcher';
import { StaticPods } from '../sources/static-pods';
import { staticSources } from '../sources/static-sources';
import { countTerminations } from '../status/count-terminations';
import { StatusWriter } from '../status/status-writer';
import { type NodeRegistration } from '../node/node-registration';
import { makeWorker, type WorkerSurroundings } from './make-worker';
import { type AdmissionCheck } from './pod-admission';
import { PodTable } from './pod-table';

/** The pods of the node, where they come from beside the API, and what tells the API of them. */
export interface PodParts {
  readonly table: PodTable;
  readonly statics: StaticPods;
  readonly statuses: StatusWriter;
}

export interface PodNeighbours extends Pick<WorkerSurroundings, 'node' | 'placement' | 'resourceHealth' | 'executor' | 'tokens' | 'certificates' | 'pods' | 'probeMetrics'> {
  readonly registration: NodeRegistration;
  readonly watcher: () => RuntimeWatcher;
  readonly admit: AdmissionCheck;
}

export function makePods(options: KubeletOptions, deps: KubeletDeps, { registration, watcher, admit, ...neighbours }: PodNeighbours): PodParts {
  const { client, runtime, clock, log, metrics } = deps;
  const { identity } = options;
  const { pods } = neighbours;
  const statuses = new StatusWriter({
    client, clock, log, onWritten: (ms) => metrics.statusSyncSeconds.observe(ms / 1000), onStatus: (before, now) => countTerminations(metrics, before, now),
  });
  const statics: StaticPods = new StaticPods({
    client, clock, log, pods, sources: staticSources(options, { clock, log }),
    node: () => ({ name: identity.name, uid: registration.node?.metadata.uid }),
    begin: (pod) => table.beginStatic(pod),
    end: (uid) => table.endStatic(uid),
    onRestart: () => metrics.restartedPods.inc({ static: 'true' }),
    onMirror: (mirror, uid) => {
      const worker = table.get(uid);
      if (worker) statuses.set(mirror, worker.status);
    },
  });
  let hadNetworkPod = false;
  const surroundings: WorkerSurroundings = {
    ...deps, ...neighbours, statuses, statics, hostIPs: identity.addresses, maxRestartWaitMs: options.maxRestartWaitMs,
    table: () => table,
    onFirstNetworkPod: (seconds) => {
      if (!hadNetworkPod) metrics.firstPodStartSliSeconds.set(seconds);
      hadNetworkPod = true;
    },
  };
  const table = new PodTable({
    client, clock, log, nodeName: identity.name, pods, statics, admit,
    makeWorker: (pod, view) => makeWorker(pod, view, surroundings),
    observe: (uid) => observePod(runtime, uid),
    runtimePods: () => watcher().pods,
    onOrphan: () => metrics.orphanedRuntimePods.inc(),
    onWorker: (waitedMs) => metrics.podWorkerStartSeconds.observe(waitedMs / 1000),
    refreshNode: () => registration.refresh(),
  });
  metrics.resizes.follow(() => {
    const resizes = table.workers.map((worker) => worker.resize);
    return { pending: resizes.flatMap(({ pending }) => pending ?? []), inProgress: resizes.filter(({ inProgress }) => inProgress).length };
  });
  return { table, statics, statuses };
}
