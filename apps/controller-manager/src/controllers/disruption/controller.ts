import { core, policy, type corev1, type policyv1 } from '@navarch/api';
import { formatTime, isConflict, isNotFound, matchesLabelSelector, formatLabelSelector } from '@navarch/apimachinery';
import { after, canonicalJson, done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { observedIn } from '../../disruption-condition';
import { messageOf } from '../../errors';
import { aboutObject } from '../../pods/pod-control';
import { read, runningController, together, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { OwnerScales, type ScaleOfPods } from './owner-scale';
import { failedStatus, goesByScale, planBudget, untilDisruptionIsStaleMs } from './sync';

type Budget = policyv1.PodDisruptionBudget;

/** Works out how many evictions each PodDisruptionBudget allows; the apiserver's eviction spends them. */
export class DisruptionReconciler implements Reconciler {
  readonly name = 'disruption';
  readonly budgets: ObjectSource<Budget>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly scales: OwnerScales;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('controllermanager', context);
    this.budgets = context.sources.informer(policy.poddisruptionbudgets);
    this.pods = context.sources.informer(core.pods);
    this.scales = new OwnerScales(context);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const budget = this.budgets.get(key);
    if (budget === undefined) return done;
    try {
      return await this.#sync(budget, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isConflict(error)) throw error;
      await this.#writeStatus(budget, failedStatus(budget, messageOf(error), this.#context.clock.now()), signal);
      throw error;
    }
  }

  /** Budgets that select a pod. */
  select({ metadata }: corev1.Pod): Budget[] {
    return this.budgets.list(metadata.namespace).filter(({ spec }) => matchesLabelSelector(spec?.selector, metadata.labels ?? {}));
  }

  async #sync(budget: Budget, signal: AbortSignal): Promise<Result> {
    const about = aboutObject(policy.poddisruptionbudgets, budget);
    const { namespace = '', name = '' } = budget.metadata;
    const pods = this.pods.list(namespace).filter(({ metadata }) => matchesLabelSelector(budget.spec?.selector, metadata.labels ?? {}));
    if (pods.length === 0) this.#events.event(about, 'Normal', 'NoPods', 'No matching pods found');
    const { scale, unmanaged } = goesByScale(budget) ? await this.#scaleOf(budget, pods, signal) : { scale: 0, unmanaged: [] };
    if (unmanaged.length > 0) this.#events.event(about, 'Warning', 'UnmanagedPods', `Pods selected by this PodDisruptionBudget (selector: ${formatLabelSelector(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`);
    const plan = planBudget({ budget, pods, scale, nowMs: this.#context.clock.now() });
    for (const pod of plan.notDeleted) this.#events.event(aboutObject(core.pods, pod), 'Warning', 'NotDeleted', `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`);
    await this.#writeStatus(budget, plan.status, signal);
    return after(plan.againAfterMs);
  }

  async #scaleOf(budget: Budget, pods: readonly corev1.Pod[], signal: AbortSignal): Promise<ScaleOfPods> {
    try {
      return await this.scales.of(pods, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#events.event(aboutObject(policy.poddisruptionbudgets, budget), 'Warning', 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${messageOf(error)}`);
      throw error;
    }
  }

  async #writeStatus(budget: Budget, status: policyv1.PodDisruptionBudgetStatus, signal: AbortSignal): Promise<void> {
    if (canonicalJson(status) === canonicalJson(budget.status)) return;
    await this.#context.api.updateStatus(policy.poddisruptionbudgets, { ...budget, status }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** Takes the word back from pods that were said to be removed and stayed. */
class StaleDisruptionReconciler implements Reconciler {
  readonly name = 'disruption_stale_pod';
  readonly #pods: ObjectSource<corev1.Pod>;
  readonly #context: ControllerContext;

  constructor(pods: ObjectSource<corev1.Pod>, context: ControllerContext) {
    this.#pods = pods;
    this.#context = context;
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const pod = this.#pods.get(key);
    const waitMs = pod && untilDisruptionIsStaleMs(pod, clock.now());
    if (pod === undefined || waitMs === undefined) return done;
    if (waitMs > 0) return after(waitMs);
    const conditions = (pod.status?.conditions ?? []).map((condition) => (condition.type === 'DisruptionTarget' ? { type: condition.type, status: 'False', lastTransitionTime: formatTime(clock.now()), ...observedIn(pod) } : condition));
    await api.updateStatus(core.pods, { ...pod, status: { ...pod.status, ...observedIn(pod), conditions } }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    return done;
  }
}

export function disruptionController(context: ControllerContext): RunningController {
  const reconciler = new DisruptionReconciler(context);
  const { budgets, pods, scales } = reconciler;
  const reads = [read(budgets), read(pods), read(scales.replicaSets), read(scales.deployments), read(scales.statefulSets), read(scales.replicationControllers), read(scales.types.definitions)];
  const running = runningController({
    reconciler,
    workers: 1,
    reads,
    watch: (controller) => {
      const wake = (...changed: corev1.Pod[]): void => {
        for (const budget of new Set(changed.flatMap((pod) => reconciler.select(pod)))) controller.enqueueObject(budget);
      };
      return [wakeSelf(budgets, controller), pods.addHandler({ onAdd: (pod) => wake(pod), onUpdate: (previous, pod) => wake(previous, pod), onDelete: (pod) => wake(pod) })];
    },
  }, context);
  const stale = runningController({
    reconciler: new StaleDisruptionReconciler(pods, context),
    workers: 1,
    reads: [read(pods)],
    watch: (controller) => {
      const wake = (pod: corev1.Pod): void => {
        if (untilDisruptionIsStaleMs(pod, context.clock.now()) !== undefined) controller.enqueueObject(pod);
      };
      return [pods.addHandler({ onAdd: wake, onUpdate: (_, pod) => wake(pod) })];
    },
  }, context);
  return together(running, stale);
}
