import { autoscaling, core, type autoscalingv1, type autoscalingv2, type corev1 } from '@navarch/api';
import { formatTime, isConflict, isNotFound, parseLabelSelector, parseQuantity, quantityToMillis, type Selector } from '@navarch/apimachinery';
import { after, canonicalJson, done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { aboutObject } from '../../pods/pod-control';
import { ResourceTypes, type AnyResource } from '../../resource-types';
import { read, runningController, type RunningController } from '../../running-controller';
import { actionFor, AutoscalerMetrics, type ScaleAction, type ScaleError } from './autoscaler-metrics';
import { Conditions } from './conditions';
import { failureReason, failureText, proposeReplicas, type MetricProposal, type Target } from './metric-proposals';
import type { MetricsClient } from './metrics-client';
import { limited, noMemory, remembered, stabilized, type Memory, type Wish } from './scaling-rules';

type Autoscaler = autoscalingv2.HorizontalPodAutoscaler;
type Scale = autoscalingv1.Scale;

/** What is worked out for one autoscaler in one round. */
interface Round {
  readonly autoscaler: Autoscaler;
  readonly key: string;
  readonly conditions: Conditions;
  readonly nowMs: number;
  /** On the scale that nobody sets: how old recommendations and changes are must not depend on a clock that is. */
  readonly elapsedMs: number;
  /** What came of it, for the metrics. */
  readonly outcome: { action: ScaleAction; error: ScaleError };
}

/** What the metrics say, and why; without a size when they do not allow one. */
interface Recommendation {
  readonly wanted?: { readonly replicas: number; readonly metric: string };
  /** One for each metric of the specification, in its order: readers go by the index. */
  readonly statuses: readonly autoscalingv2.MetricStatus[];
}

/** Stands where a metric could not be read. */
const UNKNOWN: autoscalingv2.MetricStatus = { type: '' };

/** What the metrics wish is told, not what the rules make of it: they may bring a size that no metric asks for now. */
function reasonFor({ replicas, metric }: NonNullable<Recommendation['wanted']>, current: number): string {
  if (replicas > current) return `${metric} above target`;
  return replicas < current ? 'All metrics below target' : '';
}

/** Sizes whatever has a `scale` subresource by what its pods use. */
export class HorizontalPodAutoscalerReconciler implements Reconciler {
  readonly name = 'horizontalpodautoscaler';
  readonly autoscalers: ObjectSource<Autoscaler>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly types: ResourceTypes;
  readonly #context: ControllerContext;
  readonly #metrics: MetricsClient;
  readonly #events: EventRecorder;
  readonly #meters: AutoscalerMetrics;
  readonly #memories = new Map<string, Memory>();
  /** What each autoscaler selects: two of them must not pull at the same pods. */
  readonly #selectors = new Map<string, Selector>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#metrics = context.metrics;
    this.#events = recorderFor('horizontal-pod-autoscaler', context);
    this.autoscalers = context.sources.informer(autoscaling.horizontalpodautoscalers);
    this.#meters = new AutoscalerMetrics(context.registry, () => this.autoscalers.list().length);
    this.pods = context.sources.informer(core.pods);
    this.types = new ResourceTypes(context.sources);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { clock, config } = this.#context;
    const autoscaler = this.autoscalers.get(key);
    const text = `${key.namespace}/${key.name}`;
    if (autoscaler === undefined) {
      this.#memories.delete(text);
      this.#selectors.delete(text);
      this.#meters.gone(key.namespace, key.name);
      return done;
    }
    const nowMs = clock.now();
    const round: Round = { autoscaler, key: text, nowMs, elapsedMs: clock.monotonic(), conditions: new Conditions(autoscaler.status?.conditions ?? [], nowMs), outcome: { action: 'none', error: 'none' } };
    const started = clock.monotonic();
    try {
      await this.#round(round, signal);
    } catch (error) {
      round.outcome.error = 'internal';
      throw error;
    } finally {
      if (!signal.aborted) this.#meters.round(round.outcome.action, round.outcome.error, clock.monotonic() - started);
    }
    return after(config.horizontalPodAutoscalerSyncPeriod);
  }

  async #round(round: Round, signal: AbortSignal): Promise<void> {
    const { autoscaler, conditions } = round;
    const target = await this.#scaleOf(round, signal);
    if (target === undefined) {
      // Of all that can be wrong with a target upstream blames the specification for its API version alone.
      round.outcome.error = (autoscaler.spec.scaleTargetRef.apiVersion ?? '').split('/').length > 2 ? 'spec' : 'internal';
      return this.#writeStatus(round, {}, signal);
    }
    const { type, scale } = target;
    conditions.set('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
    const current = scale.spec?.replicas ?? 0;
    const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
    const memory = this.#remember(round, current);
    if (current === 0 && min !== 0) {
      conditions.set('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
      return this.#writeStatus(round, { currentReplicas: current, desiredReplicas: 0, currentMetrics: [] }, signal);
    }
    if (current > max) return this.#rescale(round, type, scale, max, 'Current number of replicas above Spec.MaxReplicas', [], signal);
    if (current < min) return this.#rescale(round, type, scale, min, 'Current number of replicas below Spec.MinReplicas', [], signal);
    const { wanted, statuses } = await this.#recommend(round, scale, signal);
    if (wanted === undefined) {
      if (round.outcome.error === 'none') round.outcome.error = 'internal';
      return this.#writeStatus(round, { currentReplicas: current, currentMetrics: statuses }, signal);
    }
    const desired = this.#decide(round, { current, desired: wanted.replicas, min, max, nowMs: round.elapsedMs, memory, downscaleWindowMs: this.#context.config.horizontalPodAutoscalerDownscaleStabilization });
    if (desired === current) return this.#writeStatus(round, { currentReplicas: current, desiredReplicas: current, currentMetrics: statuses }, signal);
    await this.#rescale(round, type, scale, desired, reasonFor(wanted, current), statuses, signal);
  }

  async #scaleOf({ autoscaler, conditions }: Round, signal: AbortSignal): Promise<{ type: AnyResource; scale: Scale } | undefined> {
    const { apiVersion = 'v1', kind, name } = autoscaler.spec.scaleTargetRef;
    const type = this.types.ofKind(apiVersion, kind);
    try {
      if (type === undefined) throw new Error(`no matches for kind "${kind}" in group "${apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''}"`);
      const scale = await this.#context.api.get(type, { namespace: autoscaler.metadata.namespace ?? '', name }, { subresource: 'scale', signal });
      return { type, scale };
    } catch (error) {
      signal.throwIfAborted();
      this.#tell(autoscaler, 'Warning', 'FailedGetScale', messageOf(error));
      conditions.set('AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Only the first round takes the present size as what was recommended: after a time without metrics nothing recent holds a size (upstream's recordInitialRecommendation). */
  #remember({ autoscaler, key, elapsedMs }: Round, current: number): Memory {
    const { behavior } = autoscaler.spec;
    const before = this.#memories.get(key) ?? { ...noMemory, recommendations: [{ atMs: elapsedMs, replicas: current }] };
    const memory = remembered(before, behavior, this.#context.config.horizontalPodAutoscalerDownscaleStabilization, elapsedMs);
    this.#memories.set(key, memory);
    return memory;
  }

  #decide(round: Round, wish: Wish): number {
    const { autoscaler, conditions, key } = round;
    const { behavior } = autoscaler.spec;
    const steady = stabilized(wish, behavior);
    conditions.set('AbleToScale', 'True', steady.reason, steady.message);
    const limit = limited({ ...wish, desired: steady.replicas }, behavior);
    conditions.set('ScalingLimited', limit.replicas === steady.replicas ? 'False' : 'True', limit.reason, limit.message);
    this.#memories.set(key, { ...wish.memory, recommendations: [...wish.memory.recommendations, { atMs: round.elapsedMs, replicas: wish.desired }] });
    return limit.replicas;
  }

  /** The most that any metric asks for; fewer than now only if all of them can be read. */
  async #recommend(round: Round, scale: Scale, signal: AbortSignal): Promise<Recommendation> {
    const { autoscaler, conditions } = round;
    const target = this.#target(round, scale);
    if (target === undefined) return { statuses: [] };
    const doors = { metrics: this.#metrics, resourceOf: (apiVersion: string, kind: string) => this.types.ofKind(apiVersion, kind) };
    const specs = autoscaler.spec.metrics ?? [];
    const proposals: MetricProposal[] = [];
    const statuses: autoscalingv2.MetricStatus[] = [];
    const failures: { reason: string; message: string; text: string }[] = [];
    for (const spec of specs) {
      const started = this.#context.clock.monotonic();
      const computed = (action: ScaleAction, error: ScaleError): void => this.#meters.computed(spec.type, action, error, this.#context.clock.monotonic() - started);
      try {
        const proposal = await proposeReplicas(spec, target, doors, signal);
        proposals.push(proposal);
        statuses.push(proposal.status);
        computed(actionFor(target.specReplicas, proposal.replicas), 'none');
      } catch (error) {
        signal.throwIfAborted();
        computed('none', 'internal');
        const [reason, message] = [failureReason(spec), messageOf(error)];
        this.#tell(autoscaler, 'Warning', reason, message);
        failures.push({ reason, message, text: failureText(spec, message) });
        statuses.push(UNKNOWN);
      }
    }
    const [highest] = [...proposals].sort((a, b) => b.replicas - a.replicas);
    const [first] = failures;
    if (first !== undefined && (highest === undefined || highest.replicas < target.specReplicas)) {
      conditions.set('ScalingActive', 'False', first.reason, `the HPA was unable to compute the replica count: ${first.message}`);
      this.#tell(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.text}`);
      return { statuses };
    }
    if (highest === undefined) return { statuses };
    conditions.set('ScalingActive', 'True', 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${highest.metric}`);
    if (first !== undefined) round.outcome.error = 'internal';
    return { wanted: highest, statuses };
  }

  #target({ autoscaler, conditions, key, nowMs, outcome }: Round, scale: Scale): Target | undefined {
    const { config } = this.#context;
    const namespace = autoscaler.metadata.namespace ?? '';
    const text = scale.status?.selector ?? '';
    const refuse = (reason: string, eventMessage: string, message = eventMessage): void => {
      this.#tell(autoscaler, 'Warning', reason === 'InvalidSelector' && text === '' ? 'SelectorRequired' : reason, eventMessage);
      this.#tell(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', eventMessage);
      conditions.set('ScalingActive', 'False', reason, message);
      outcome.error = 'internal';
    };
    if (text === '') {
      refuse('InvalidSelector', 'selector is required', "the HPA target's scale is missing a selector");
      return undefined;
    }
    let selector: Selector;
    try {
      selector = parseLabelSelector(text);
    } catch (error) {
      refuse('InvalidSelector', `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}`);
      return undefined;
    }
    this.#selectors.set(key, selector);
    const pods = this.pods.list(namespace).filter(({ metadata }) => selector.matches(metadata.labels ?? {}));
    const rivals = [...this.#selectors].filter(([other, theirs]) => other.startsWith(`${namespace}/`) && pods.some(({ metadata }) => theirs.matches(metadata.labels ?? {}))).map(([other]) => other);
    if (rivals.length > 1) {
      refuse('AmbiguousSelector', `pods by selector ${text} are controlled by multiple HPAs: [${rivals.sort().join(' ')}]`);
      return undefined;
    }
    const tolerance = (rules: autoscalingv2.HPAScalingRules | undefined): number =>
      rules?.tolerance === undefined ? config.horizontalPodAutoscalerTolerance : quantityToMillis(parseQuantity(rules.tolerance)) / 1000;
    const { scaleUp, scaleDown } = autoscaler.spec.behavior ?? {};
    return {
      namespace, selector: text, pods, specReplicas: scale.spec?.replicas ?? 0, statusReplicas: scale.status?.replicas ?? 0,
      tolerances: { up: tolerance(scaleUp), down: tolerance(scaleDown) },
      rules: { nowMs, cpuInitializationMs: config.horizontalPodAutoscalerCpuInitializationPeriod, initialReadinessDelayMs: config.horizontalPodAutoscalerInitialReadinessDelay },
    };
  }

  async #rescale(round: Round, type: AnyResource, scale: Scale, desired: number, reason: string, statuses: readonly autoscalingv2.MetricStatus[], signal: AbortSignal): Promise<void> {
    const { autoscaler, conditions, key, nowMs } = round;
    const current = scale.spec?.replicas ?? 0;
    const next: Scale = { ...scale, spec: { ...scale.spec, replicas: desired } };
    try {
      await this.#context.api.update(type, next, { subresource: 'scale', signal });
    } catch (error) {
      signal.throwIfAborted();
      if (isConflict(error)) throw error;
      this.#tell(autoscaler, 'Warning', 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${messageOf(error)}`);
      round.outcome.error = 'internal';
      conditions.set('AbleToScale', 'False', 'FailedUpdateScale', `the HPA controller was unable to update the target scale: ${messageOf(error)}`);
      return this.#writeStatus(round, { currentReplicas: current, currentMetrics: statuses }, signal);
    }
    round.outcome.action = actionFor(current, desired);
    conditions.set('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`);
    this.#tell(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
    const memory = this.#memories.get(key) ?? noMemory;
    const by = { atMs: round.elapsedMs, by: Math.abs(desired - current) };
    this.#memories.set(key, desired > current ? { ...memory, ups: [...memory.ups, by] } : { ...memory, downs: [...memory.downs, by] });
    await this.#writeStatus(round, { currentReplicas: current, desiredReplicas: desired, currentMetrics: statuses, lastScaleTime: formatTime(nowMs) }, signal);
  }

  async #writeStatus({ autoscaler, conditions }: Round, change: Omit<Partial<autoscalingv2.HorizontalPodAutoscalerStatus>, 'currentMetrics'> & { currentMetrics?: readonly autoscalingv2.MetricStatus[] }, signal: AbortSignal): Promise<void> {
    const { currentMetrics, ...counts } = change;
    if (counts.desiredReplicas !== undefined) this.#meters.desired(autoscaler.metadata.namespace ?? '', autoscaler.metadata.name ?? '', counts.desiredReplicas);
    const status: autoscalingv2.HorizontalPodAutoscalerStatus = { desiredReplicas: 0, ...autoscaler.status, ...counts, conditions: conditions.all, ...(currentMetrics === undefined ? {} : { currentMetrics: [...currentMetrics] }) };
    if (canonicalJson(status) === canonicalJson(autoscaler.status)) return;
    await this.#context.api.updateStatus(autoscaling.horizontalpodautoscalers, { ...autoscaler, status }, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (isNotFound(error)) return;
      this.#tell(autoscaler, 'Warning', 'FailedUpdateStatus', messageOf(error));
      throw error;
    });
  }

  #tell(autoscaler: Autoscaler, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.event(aboutObject(autoscaling.horizontalpodautoscalers, autoscaler), type, reason, message);
  }
}

export function horizontalPodAutoscalerController(context: ControllerContext): RunningController {
  const reconciler = new HorizontalPodAutoscalerReconciler(context);
  const { autoscalers, pods, types } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentHorizontalPodAutoscalerSyncs,
    reads: [read(autoscalers), read(pods), read(types.definitions)],
    watch: (controller) => [
      autoscalers.addHandler({
        onAdd: (autoscaler) => controller.enqueueObject(autoscaler),
        // Its own status is no reason for another round.
        onUpdate: (previous, autoscaler) => {
          if (canonicalJson(previous.spec) !== canonicalJson(autoscaler.spec)) controller.enqueueObject(autoscaler);
        },
        onDelete: (autoscaler) => controller.enqueueObject(autoscaler),
      }),
    ],
  }, context);
}
