import { type HistogramSeries, SeriesCounter, SeriesHistogram } from '@navarch/component-base';
import type { CycleObserver, DeviceWait, MeasuredPoint, PointStatus, ReuseResult } from '@navarch/scheduling';
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallListener } from './external/external-calls';
import type { QueueDepths } from './queue/scheduling-queue';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** What is read when metrics are asked for. */
export interface ObservedScheduler {
  readonly depths: QueueDepths;
  readonly nodes: number;
  readonly placedPods: number;
  readonly assumedPods: number;
  /** Bindings under way. */
  readonly bindings: number;
  /** Pods that wait because a plug-in refused them, by profile and plug-in. */
  readonly unschedulable: readonly { readonly plugin: string; readonly profile: string; readonly pods: number }[];
  /** Events that are kept for pods which are being tried, by name. */
  readonly inFlightEvents: ReadonlyMap<string, number>;
}

const nothing: ObservedScheduler = {
  depths: { active: 0, backoff: 0, unschedulable: 0, gated: 0 },
  nodes: 0,
  placedPods: 0,
  assumedPods: 0,
  bindings: 0,
  unschedulable: [],
  inFlightEvents: new Map(),
};
const attemptBuckets = exponentialBuckets(0.001, 2, 15);
/** Plug-ins are measured in one cycle of this many, as upstream does: a measurement costs as much as a plug-in. */
const samplePluginsEvery = 10;

/** Metrics by upstream's names. */
export class SchedulerMetrics {
  readonly #attempts: SeriesCounter;
  readonly #duration: SeriesHistogram;
  readonly #algorithm: HistogramSeries;
  readonly #podAttempts: HistogramSeries;
  readonly #podLatency: SeriesHistogram;
  readonly #incoming: SeriesCounter;
  readonly #preemptions: Counter;
  readonly #victims: Histogram;
  readonly #permitWait: SeriesHistogram;
  readonly #preemptionRuns: Counter<'result'>;
  readonly #preemptionDuration: Histogram<'result'>;
  readonly #afterFlush: Counter;
  readonly #claims: Counter<'status'>;
  readonly #deviceWaits: Counter<'profile' | 'driver' | 'status'>;
  readonly #deviceWaitDuration: Histogram<'profile' | 'driver' | 'status'>;
  readonly #hintDuration: SeriesHistogram;
  readonly #points: SeriesHistogram;
  readonly #plugins: SeriesHistogram;
  readonly #externalCalls: Histogram<'plugin' | 'extension_point' | 'outcome'>;
  readonly #handled: SeriesHistogram;
  readonly #hints: SeriesHistogram;
  /** Counted here and told when asked for: there are thirty to a pod. */
  readonly #evaluations = new Map<string, Map<string, number>>();
  readonly #reuse = new Map<string, number>();
  readonly #flushes = new Map<string, number>();
  #cycles = 0;
  #observed: () => ObservedScheduler = () => nothing;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#attempts = new SeriesCounter({ name: 'scheduler_schedule_attempts_total', help: 'Attempts to schedule pods, by result.', labelNames: ['result', 'profile'], registers });
    this.#duration = new SeriesHistogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'Duration of an attempt, with binding.',
      labelNames: ['result', 'profile'],
      buckets: attemptBuckets,
      registers,
    });
    this.#algorithm = new SeriesHistogram({ name: 'scheduler_scheduling_algorithm_duration_seconds', help: 'Duration of the search for a node.', buckets: attemptBuckets, registers }).labels({});
    this.#podAttempts = new SeriesHistogram({ name: 'scheduler_pod_scheduling_attempts', help: 'Attempts until a pod was scheduled.', buckets: [1, 2, 4, 8, 16], registers }).labels({});
    this.#podLatency = new SeriesHistogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'From a pod entering the queue to its binding.',
      labelNames: ['attempts'],
      buckets: exponentialBuckets(0.01, 2, 20),
      registers,
    });
    this.#incoming = new SeriesCounter({
      name: 'scheduler_queue_incoming_pods_total',
      help: 'Pods that entered a part of the queue, by the event that moved them.',
      labelNames: ['queue', 'event'],
      registers,
    });
    this.#preemptions = new Counter({ name: 'scheduler_preemption_attempts_total', help: 'Pods for which preemption was tried, whether it found room or not.', registers });
    this.#victims = new Histogram({ name: 'scheduler_preemption_victims', help: 'Pods that had to go for one preemption.', buckets: [1, 2, 4, 8, 16, 32, 64], registers });
    this.#permitWait = new SeriesHistogram({ name: 'scheduler_permit_wait_duration_seconds', help: 'Time that pods waited in Permit.', labelNames: ['result'], buckets: attemptBuckets, registers });
    this.#preemptionRuns = new Counter({ name: 'scheduler_preemption_goroutines_execution_total', help: 'Number of preemption goroutines executed.', labelNames: ['result'], registers });
    this.#preemptionDuration = new Histogram({
      name: 'scheduler_preemption_goroutines_duration_seconds',
      help: 'Duration in seconds for running goroutines for the preemption.',
      labelNames: ['result'],
      buckets: exponentialBuckets(0.01, 2, 20),
      registers,
    });
    this.#afterFlush = new Counter({ name: 'scheduler_pod_scheduled_after_flush_total', help: 'Pods that got a node when nothing had let them go on but the time that they had waited.', registers });
    this.#claims = new Counter({ name: 'scheduler_resourceclaim_creates_total', help: 'Number of ResourceClaims creation requests within scheduler', labelNames: ['status'], registers });
    this.#deviceWaits = new Counter({
      name: 'scheduler_dra_bindingconditions_allocations_total',
      help: 'Number of allocations using devices with BindingConditions, counted per driver per scheduling attempt',
      labelNames: ['profile', 'driver', 'status'],
      registers,
    });
    this.#deviceWaitDuration = new Histogram({
      name: 'scheduler_dra_bindingconditions_wait_duration_seconds',
      help: 'Time in seconds spent waiting for BindingConditions to be satisfied during PreBind.',
      labelNames: ['profile', 'driver', 'status'],
      buckets: exponentialBuckets(0.1, 2, 14),
      registers,
    });
    this.#hintDuration = new SeriesHistogram({
      name: 'scheduler_get_node_hint_duration_seconds',
      help: 'Latency for getting a node hint.',
      labelNames: ['hinted', 'profile'],
      buckets: exponentialBuckets(0.00001, 2, 12),
      registers,
    });
    this.#points = new SeriesHistogram({
      name: 'scheduler_framework_extension_point_duration_seconds',
      help: 'Latency for running all plugins of a specific extension point.',
      labelNames: ['extension_point', 'status', 'profile'],
      buckets: exponentialBuckets(0.0001, 2, 12),
      registers,
    });
    this.#plugins = new SeriesHistogram({
      name: 'scheduler_plugin_execution_duration_seconds',
      help: 'Duration for running a plugin at a specific extension point.',
      labelNames: ['plugin', 'extension_point', 'status'],
      buckets: exponentialBuckets(0.00001, 1.5, 20),
      registers,
    });
    this.#externalCalls = new Histogram({ name: 'navarch_scheduler_external_call_duration_seconds', help: 'Calls of plug-ins and extenders in other processes, by what became of them.', labelNames: ['plugin', 'extension_point', 'outcome'], buckets: exponentialBuckets(0.001, 2, 15), registers });
    this.#handled = new SeriesHistogram({ name: 'scheduler_event_handling_duration_seconds', help: 'Event handling latency in seconds.', labelNames: ['event'], buckets: exponentialBuckets(0.0001, 2, 12), registers });
    this.#hints = new SeriesHistogram({ name: 'scheduler_queueing_hint_execution_duration_seconds', help: 'Duration for running a queueing hint function of a plugin.', labelNames: ['plugin', 'event', 'hint'], buckets: exponentialBuckets(0.00001, 1.5, 20), registers });
    const evaluations = this.#evaluations;
    new Counter({
      name: 'scheduler_plugin_evaluation_total', help: 'Number of attempts to schedule pods by each plugin and the extension point (available only in PreFilter, Filter, PreScore, and Score).', labelNames: ['plugin', 'extension_point', 'profile'], registers,
      collect() {
        this.reset();
        for (const [key, byPlugin] of evaluations) {
          const [extension_point = '', profile = ''] = key.split('/');
          for (const [plugin, count] of byPlugin) this.inc({ plugin, extension_point, profile }, count);
        }
      },
    });
    this.#told('scheduler_batch_attempts_total', 'Counts of results when we attempt to use batching.', 'result', this.#reuse, registers);
    this.#told('scheduler_batch_cache_flushed_total', 'Counts of cache flushes by reason.', 'reason', this.#flushes, registers);
    const observed = (): ObservedScheduler => this.#observed();
    new Gauge({
      name: 'scheduler_pending_pods', help: 'Pods that wait, by queue.', labelNames: ['queue'], registers,
      collect() {
        for (const [queue, value] of Object.entries(observed().depths)) this.set({ queue }, Number(value));
      },
    });
    new Gauge({
      name: 'scheduler_inflight_events', help: 'Number of events currently tracked in the scheduling queue.', labelNames: ['event'], registers,
      collect() {
        this.reset();
        for (const [event, count] of observed().inFlightEvents) this.set({ event }, count);
      },
    });
    new Gauge({
      name: 'scheduler_unschedulable_pods', help: 'The number of unschedulable pods broken down by plugin name.', labelNames: ['plugin', 'profile'], registers,
      collect() {
        this.reset();
        for (const { plugin, profile, pods } of observed().unschedulable) this.set({ plugin, profile }, pods);
      },
    });
    new Gauge({
      name: 'scheduler_goroutines', help: 'Number of running goroutines split by the work they do such as binding.', labelNames: ['operation'], registers,
      collect() {
        this.set({ operation: 'binding' }, observed().bindings);
      },
    });
    new Gauge({
      name: 'scheduler_cache_size', help: 'Nodes, pods and assumed pods in the cache.', labelNames: ['type'], registers,
      collect() {
        const { nodes, placedPods, assumedPods } = observed();
        this.set({ type: 'nodes' }, nodes);
        this.set({ type: 'pods' }, placedPods);
        this.set({ type: 'assumed_pods' }, assumedPods);
      },
    });
  }

  /** A counter by profile and one label more that is counted in a map, because that costs less. */
  #told(name: string, help: string, label: 'result' | 'reason', counts: ReadonlyMap<string, number>, registers: Registry[]): void {
    new Counter({
      name, help, labelNames: ['profile', label], registers,
      collect() {
        this.reset();
        for (const [key, count] of counts) {
          const [value = '', profile = ''] = key.split('/');
          this.inc({ profile, [label]: value }, count);
        }
      },
    });
  }

  /** Who watches the next cycle. */
  cycle(profile: string): CycleObserver {
    const sampled = this.#cycles++ % samplePluginsEvery === 0;
    return {
      now: () => performance.now(),
      point: (point, milliseconds, status) => this.point(profile, point, milliseconds, status),
      evaluated: (plugin, point) => {
        const key = `${point}/${profile}`;
        const byPlugin = this.#evaluations.get(key) ?? new Map<string, number>();
        this.#evaluations.set(key, byPlugin);
        byPlugin.set(plugin, (byPlugin.get(plugin) ?? 0) + 1);
      },
      reuse: (result: ReuseResult, flushed) => {
        count(this.#reuse, `${result}/${profile}`);
        if (flushed !== undefined) count(this.#flushes, `${flushed}/${profile}`);
      },
      ...(sampled ? {
        plugin: (plugin, extension_point, milliseconds, status) => this.#plugins.labels({ plugin, extension_point, status }).observe(milliseconds / 1000),
        hinted: (given: boolean, milliseconds: number) => this.#hintDuration.labels({ hinted: given ? 'hint' : 'no_hint', profile }).observe(milliseconds / 1000),
      } : {}),
    };
  }

  point(profile: string, extension_point: MeasuredPoint, milliseconds: number, status: PointStatus): void {
    this.#points.labels({ extension_point, status, profile }).observe(milliseconds / 1000);
  }

  watch(observed: () => ObservedScheduler, profiles: readonly string[]): void {
    this.#observed = observed;
    for (const profile of profiles) for (const result of ['scheduled', 'unschedulable', 'error']) this.#attempts.labels({ result, profile });
  }

  attempt(result: AttemptResult, profile: string, milliseconds: number): void {
    this.#attempts.labels({ result, profile }).inc();
    this.#duration.labels({ result, profile }).observe(milliseconds / 1000);
  }

  searched(milliseconds: number): void {
    this.#algorithm.observe(milliseconds / 1000);
  }

  /** @param flushed nothing had let it go on but the time that it had waited */
  scheduled(attempts: number, waitedMs: number, flushed = false): void {
    if (flushed) this.#afterFlush.inc();
    this.#podAttempts.observe(attempts);
    this.#podLatency.labels({ attempts: String(Math.min(attempts, 16)) }).observe(waitedMs / 1000);
  }

  readonly externalCall: CallListener = (plugin, extension_point, milliseconds, outcome) => this.#externalCalls.observe({ plugin, extension_point, outcome }, milliseconds / 1000);

  handled(event: string, milliseconds: number): void {
    this.#handled.labels({ event }).observe(milliseconds / 1000);
  }

  hinted(plugin: string, event: string, helps: boolean, milliseconds: number): void {
    this.#hints.labels({ plugin, event, hint: helps ? 'Queue' : 'QueueSkip' }).observe(milliseconds / 1000);
  }

  incoming(queue: string, event: string): void {
    this.#incoming.labels({ queue, event }).inc();
  }

  /** Preemption was asked for room, whatever it found. */
  preemptionTried(): void {
    this.#preemptions.inc();
  }

  preempted(victims: number): void {
    this.#victims.observe(victims);
  }

  /** All that had to be asked to go was asked, or that failed. */
  madeRoom(succeeded: boolean, milliseconds: number): void {
    const result = succeeded ? 'success' : 'error';
    this.#preemptionRuns.inc({ result });
    this.#preemptionDuration.observe({ result }, milliseconds / 1000);
  }

  claimCreated(succeeded: boolean): void {
    this.#claims.inc({ status: succeeded ? 'success' : 'failure' });
  }

  waitedForDevices(profile: string, drivers: readonly string[], status: DeviceWait, milliseconds: number): void {
    for (const driver of drivers) {
      this.#deviceWaits.inc({ profile, driver, status });
      this.#deviceWaitDuration.observe({ profile, driver, status }, milliseconds / 1000);
    }
  }

  permitWaited(allowed: boolean, milliseconds: number): void {
    this.#permitWait.labels({ result: allowed ? 'allowed' : 'rejected' }).observe(milliseconds / 1000);
  }
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
