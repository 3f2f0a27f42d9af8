import { core, type corev1 } from '@navarch/api';
import { equalJson, type JsonValue } from '@navarch/apimachinery';
import { canonicalJson, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { byNode } from '../../nodes';
import { TimedEvictions } from '../../pods/timed-evictions';
import { read, runningController, type RunningController } from '../../running-controller';
import { evictionTime } from './sync';

/** Removes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
export class TaintEvictionReconciler implements Reconciler {
  readonly name = 'taint-eviction-controller';
  readonly pods: ObjectSource<corev1.Pod>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;
  readonly #evictions: TimedEvictions;
  /** When pods were first seen to have to go, by key. */
  readonly #noticed = new Map<string, { readonly uid: string; readonly ms: number }>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#evictions = new TimedEvictions(context, {
      component: 'taint-eviction-controller', reason: 'TaintManagerEviction', metrics: 'taint_eviction_controller',
      marking: (pod) => `Marking for deletion Pod ${pod}`, cancelling: (pod) => `Cancelling deletion of Pod ${pod}`,
      condition: { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' },
      help: {
        total: 'Total number of Pods deleted by TaintEvictionController since its start.',
        duration: 'Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.',
      },
    });
    this.pods = context.sources.informer(core.pods, { indexes: byNode });
    this.nodes = context.sources.informer(core.nodes);
  }

  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const pod = this.pods.get(key);
    if (!pod) this.#noticed.delete(`${key.namespace}/${key.name}`);
    const node = pod && this.nodes.get({ namespace: '', name: pod.spec?.nodeName ?? '' });
    return this.#evictions.settle(key, pod, pod && node && this.#timeOf(pod, node), signal);
  }

  #timeOf(pod: corev1.Pod, node: corev1.Node): number | undefined {
    const { metadata: { namespace = '', name = '', uid = '' } } = pod;
    const id = `${namespace}/${name}`;
    const before = this.#noticed.get(id);
    const ms = before?.uid === uid ? before.ms : this.#context.clock.now();
    const time = evictionTime(pod, node, ms);
    if (time === undefined) this.#noticed.delete(id);
    else this.#noticed.set(id, { uid, ms });
    return time;
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
      const facts = ({ spec, metadata }: corev1.Pod): JsonValue => [spec?.nodeName ?? '', metadata.deletionTimestamp ?? '', (spec?.tolerations ?? []) as unknown as JsonValue];
      return [
        pods.addHandler({
          onAdd: wake,
          onUpdate: (previous, pod) => {
            if (!equalJson(facts(previous), facts(pod))) wake(pod);
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
