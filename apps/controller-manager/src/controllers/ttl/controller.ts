import { core, type corev1 } from '@navarch/api';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';

const ANNOTATION = 'node.alpha.kubernetes.io/ttl';
/** By the number of nodes, with an overlap so that a node more or less does not change all of them. */
const STEPS = [
  { least: 0, most: 100, seconds: 0 }, { least: 90, most: 500, seconds: 15 }, { least: 450, most: 1_000, seconds: 30 },
  { least: 900, most: 2_000, seconds: 60 }, { least: 1_800, most: Infinity, seconds: 300 },
] as const;

/** The first has no lower end and the last no upper one: a walk over them ends within. */
const stepAt = (at: number): (typeof STEPS)[number] => STEPS[at] ?? STEPS[0];

/** For how long kubelets of a cluster of this size may keep Secrets and ConfigMaps; from the present step as few on as will do. */
export function ttlSeconds(nodes: number, present: number): number {
  let at = Math.max(0, STEPS.findIndex(({ seconds }) => seconds === present));
  while (nodes > stepAt(at).most) at++;
  while (nodes < stepAt(at).least) at--;
  return stepAt(at).seconds;
}

/** Tells kubelets how long to keep what they read, so that large clusters ask less often. */
export class TtlReconciler implements Reconciler {
  readonly name = 'ttlcontroller';
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;
  #seconds = 0;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.nodes = context.sources.informer(core.nodes);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const node = this.nodes.get(key);
    if (node === undefined) return done;
    this.#seconds = ttlSeconds(this.nodes.list().length, this.#seconds);
    const wanted = String(this.#seconds);
    if (node.metadata.annotations?.[ANNOTATION] !== wanted) await this.#context.api.patch(core.nodes, key, 'merge', { metadata: { annotations: { [ANNOTATION]: wanted } } }, { signal });
    return done;
  }
}

export function ttlController(context: ControllerContext): RunningController {
  const reconciler = new TtlReconciler(context);
  const { nodes } = reconciler;
  return runningController({ reconciler, workers: 1, reads: [read(nodes)], watch: (controller) => [wakeSelf(nodes, controller)] }, context);
}
