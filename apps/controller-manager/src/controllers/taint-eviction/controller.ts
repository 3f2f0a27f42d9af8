import { core, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { after, canonicalJson, done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { Counter, Histogram } from 'prom-client';
import { recorderFor, type ControllerContext } from '../../context';
import { withDisruptionTarget } from '../../disruption-condition';
import { byNode } from '../../nodes';
import { read, runningController, type RunningController } from '../../running-controller';
import { evictionTime } from './sync';

/** Removes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
export class TaintEvictionReconciler implements Reconciler {
  readonly name = 'taint-eviction-controller';
  readonly pods: ObjectSource<corev1.Pod>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  /** Told that they will have to go. */
  readonly #marked = new Set<string>();
  readonly #deletions: Counter;
  readonly #deletionDuration: Histogram;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('taint-eviction-controller', context);
    const registers = [context.registry];
    this.#deletions = new Counter({ name: 'taint_eviction_controller_pod_deletions_total', help: 'Total number of Pods deleted by TaintEvictionController since its start.', registers });
    this.#deletionDuration = new Histogram({
      name: 'taint_eviction_controller_pod_deletion_duration_seconds', help: 'Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.',
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240], registers,
    });
    this.pods = context.sources.informer(core.pods, { indexes: byNode });
    this.nodes = context.sources.informer(core.nodes);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const pod = this.pods.get(key);
    const node = pod && this.nodes.get({ namespace: '', name: pod.spec?.nodeName ?? '' });
    const nowMs = this.#context.clock.now();
    const atMs = pod && node && evictionTime(pod, node, nowMs);
    if (pod === undefined || atMs === undefined) {
      if (pod !== undefined && this.#marked.has(pod.metadata.uid ?? '')) this.#tell(pod, 'Cancelling deletion of Pod');
      this.#marked.delete(pod?.metadata.uid ?? '');
      return done;
    }
    if (atMs > nowMs) {
      this.#marked.add(pod.metadata.uid ?? '');
      return after(atMs - nowMs);
    }
    this.#tell(pod, 'Marking for deletion Pod');
    await this.#evict(pod, nowMs, signal);
    this.#deletions.inc();
    this.#deletionDuration.observe(Math.max(0, this.#context.clock.now() - atMs) / 1000);
    this.#marked.delete(pod.metadata.uid ?? '');
    return done;
  }

  async #evict(pod: corev1.Pod, nowMs: number, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const { uid } = pod.metadata;
    const conditions = withDisruptionTarget(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', nowMs);
    try {
      await api.updateStatus(core.pods, { ...pod, status: { ...pod.status, conditions } }, { signal });
      await api.delete(core.pods, keyOfObject(pod), { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #tell(pod: corev1.Pod, what: string): void {
    const { namespace = '', name = '' } = pod.metadata;
    this.#events.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Normal', 'TaintManagerEviction', `${what} ${namespace}/${name}`);
  }
}

export function taintEvictionController(context: ControllerContext): RunningController {
  const reconciler = new TaintEvictionReconciler(context);
  const { pods, nodes } = reconciler;
  const drivingOut = ({ spec }: corev1.Node): string => canonicalJson((spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute'));
  return runningController({
    reconciler,
    workers: 8,
    reads: [read(pods), read(nodes)],
    watch: (controller) => {
      const wakePods = ({ metadata }: corev1.Node): void => {
        for (const pod of pods.byIndex('node', metadata.name ?? '')) controller.enqueueObject(pod);
      };
      const wake = (pod: corev1.Pod): void => {
        if ((pod.spec?.nodeName ?? '') !== '') controller.enqueueObject(pod);
      };
      const facts = ({ spec, metadata }: corev1.Pod): string => `${spec?.nodeName ?? ''} ${metadata.deletionTimestamp ?? ''} ${canonicalJson(spec?.tolerations ?? [])}`;
      return [
        pods.addHandler({
          onAdd: wake,
          onUpdate: (previous, pod) => {
            if (facts(previous) !== facts(pod)) wake(pod);
          },
          onDelete: wake,
        }),
        nodes.addHandler({
          onAdd: wakePods,
          onUpdate: (previous, node) => {
            if (drivingOut(previous) !== drivingOut(node)) wakePods(node);
          },
        }),
      ];
    },
  }, context);
}
