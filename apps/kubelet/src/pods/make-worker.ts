import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { type ApiClient, type Informer } from '@navarch/client';
import { type KubeletDeps } from '../kubelet-deps';
import { type ThisNode } from '../node/this-node';
import { type ProbeMetrics } from '../probes/probe-metrics';
import { PodProbes } from '../probes/pod-probes';
import { runProbe, type ProbeOutcome } from '../probes/run-probe';
import { observePod } from '../runtime/observe-pod';
import { type StaticPods } from '../sources/static-pods';
import { type StatusWriter } from '../status/status-writer';
import { type PodPlacement } from '../topology/pod-placement';
import { type PodCertificates } from '../pod-certificates/pod-certificates';
import { type TokenCache } from '../volumes/token-cache';
import { admitPod } from './admit-pod';
import { type PodExecutor } from './pod-executor';
import { containersOf, initContainersOf, isSidecar, isStaticPod, nameOf, namespaceOf, uidOf } from './pod-spec';
import { type PodTable } from './pod-table';
import { PodWorker } from './pod-worker';
import { type PodWorkerDeps } from './pod-worker-deps';
import { refuseSwapping } from './resize-swap';
import { roomFor, type PendingResize } from './resize';
import { type RuntimeView } from './runtime-view';

export interface WorkerSurroundings extends Pick<KubeletDeps, 'runtime' | 'events' | 'clock' | 'log' | 'client' | 'metrics' | 'onCrash'> {
  readonly hostIPs: readonly string[];
  readonly node: ThisNode;
  readonly placement: PodPlacement;
  readonly resourceHealth: PodWorkerDeps['resourceHealth'];
  readonly executor: PodExecutor;
  readonly statuses: StatusWriter;
  readonly statics: StaticPods;
  readonly tokens: TokenCache;
  readonly certificates: Pick<PodCertificates, 'forgetPod'>;
  readonly pods: Informer<corev1.Pod>;
  readonly probeMetrics: ProbeMetrics;
  readonly maxRestartWaitMs: number;
  readonly table: () => PodTable;
  /** A pod with a network of its own has begun; only the first one is of interest. */
  readonly onFirstNetworkPod: (seconds: number) => void;
}

/** Pods of a simulated runtime have addresses on no network: whoever asks them is taken to be answered. */
const simulatedRuntime = 'navarch-fake';
const assumedUp: ProbeOutcome = { result: 'success', output: '' };

/** Makes the worker of a pod, which tells the API through its kubelet. */
export function makeWorker(pod: corev1.Pod, view: RuntimeView | undefined, around: WorkerSurroundings): PodWorker {
  const { runtime, events, clock, log, client, metrics, onCrash, node, executor, statuses, statics, tokens, certificates, pods, probeMetrics, table } = around;
  const seenMs = clock.now();
  let started = view !== undefined;
  if (!started) metrics.containersPerPod.observe(containersOf(pod).length);
  const worker: PodWorker = new PodWorker(pod, view, {
    executor, events, clock, log, metrics, onCrash,
    probes: (onChange) => new PodProbes({
      clock, events, onChange,
      run: (probe, target) => (node.runtimeName === simulatedRuntime && !probe.exec ? Promise.resolve(assumedUp) : runProbe(probe, target, runtime)),
      onResult: (kind, result, of, container, seconds) => probeMetrics.count(of, container, kind, result, seconds),
    }),
    observe: (uid, known) => observePod(runtime, uid, known),
    hostIPs: () => around.hostIPs,
    runtimeName: node.runtimeName,
    recursiveReadOnlyMounts: () => node.surroundings.recursiveReadOnlyMounts,
    room: (wanted) => around.placement.refuseResize(wanted, worker.pod) ?? refuseSwapping(wanted, worker.pod, node.surroundings) ?? roomOn(table(), wanted, node.allocatable),
    maxRestartWaitMs: around.maxRestartWaitMs, resourceHealth: around.resourceHealth,
    onResize: (trigger) => table().retryResizes(trigger),
    onStatus: (current, status) => {
      const shown = isStaticPod(current) ? statics.mirror(current) : current;
      if (shown) statuses.set(shown, status);
      if (started || status.phase !== 'Running') return;
      started = true;
      metrics.podStartSeconds.observe((clock.now() - seenMs) / 1000);
      const createdMs = Date.parse(current.metadata.creationTimestamp ?? '');
      if (Number.isNaN(createdMs)) return;
      const totalMs = Math.max(0, clock.now() - createdMs);
      metrics.podStartTotalSeconds.observe(totalMs / 1000);
      // Upstream's objective is for pods that wait for nobody's work.
      if (!initContainersOf(current).every(isSidecar)) return;
      const ownSeconds = Math.max(0, totalMs - worker.imagesMs) / 1000;
      metrics.podStartSliSeconds.observe(ownSeconds);
      if (current.spec?.hostNetwork !== true) around.onFirstNetworkPod(ownSeconds);
    },
    onStopped: async (stopped) => {
      await statuses.flush(uidOf(stopped));
      await deleteFromApi(client, stopped);
    },
    onSync: (type, seconds) => metrics.podWorkerSeconds.observe({ operation_type: type }, seconds),
    onEnded: (uid) => table().ended(uid),
    onDone: (uid) => {
      statuses.forget(uid);
      tokens.forgetPod(uid);
      certificates.forgetPod(uid);
      probeMetrics.forgetPod(uid);
      // Kept until the API has told that the object is gone, so that its last updates begin nothing.
      if (!pods.list().some((known) => uidOf(known) === uid)) table().forget(uid);
    },
  });
  return worker;
}

/** Whether a pod could grow to what it now asks for. */
function roomOn(table: PodTable, pod: corev1.Pod, allocatable: Readonly<Record<string, string>>): PendingResize | undefined {
  const others = table.workers.filter((worker) => uidOf(worker.pod) !== uidOf(pod) && worker.holdsRoom).map((worker) => worker.held);
  return roomFor(admitPod(pod, others, allocatable), admitPod(pod, [], allocatable));
}

async function deleteFromApi(client: ApiClient, pod: corev1.Pod): Promise<void> {
  const uid = uidOf(pod);
  try {
    await client.delete(core.pods, { namespace: namespaceOf(pod), name: nameOf(pod) }, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    // Gone, or another of its name is there by now.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
