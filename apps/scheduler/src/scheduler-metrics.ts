import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { QueueDepths } from './queue/scheduling-queue';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** What is read when metrics are asked for. */
export interface ObservedScheduler {
  readonly depths: QueueDepths;
  readonly nodes: number;
  readonly placedPods: number;
  readonly assumedPods: number;
}

const nothing: ObservedScheduler = { depths: { active: 0, backoff: 0, unschedulable: 0, gated: 0 }, nodes: 0, placedPods: 0, assumedPods: 0 };
const attemptBuckets = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096];

/** Metrics by upstream's names. */
export class SchedulerMetrics {
  readonly #attempts: Counter<'result' | 'profile'>;
  readonly #duration: Histogram<'result' | 'profile'>;
  readonly #algorithm: Histogram;
  readonly #podAttempts: Histogram;
  readonly #podLatency: Histogram<'attempts'>;
  readonly #incoming: Counter<'queue' | 'event'>;
  readonly #preemptions: Counter;
  readonly #victims: Histogram;
  readonly #permitWait: Histogram<'result'>;
  #observed: () => ObservedScheduler = () => nothing;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#attempts = new Counter({ name: 'scheduler_schedule_attempts_total', help: 'Attempts to schedule pods, by result.', labelNames: ['result', 'profile'], registers });
    this.#duration = new Histogram({ name: 'scheduler_scheduling_attempt_duration_seconds', help: 'Duration of an attempt, with binding.', labelNames: ['result', 'profile'], buckets: attemptBuckets, registers });
    this.#algorithm = new Histogram({ name: 'scheduler_scheduling_algorithm_duration_seconds', help: 'Duration of the search for a node.', buckets: attemptBuckets, registers });
    this.#podAttempts = new Histogram({ name: 'scheduler_pod_scheduling_attempts', help: 'Attempts until a pod was scheduled.', buckets: [1, 2, 4, 8, 16], registers });
    this.#podLatency = new Histogram({ name: 'scheduler_pod_scheduling_sli_duration_seconds', help: 'From a pod entering the queue to its binding.', labelNames: ['attempts'], buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96], registers });
    this.#incoming = new Counter({ name: 'scheduler_queue_incoming_pods_total', help: 'Pods that entered a part of the queue, by the event that moved them.', labelNames: ['queue', 'event'], registers });
    this.#preemptions = new Counter({ name: 'scheduler_preemption_attempts_total', help: 'Preemptions that were carried out.', registers });
    this.#victims = new Histogram({ name: 'scheduler_preemption_victims', help: 'Pods that had to go for one preemption.', buckets: [1, 2, 4, 8, 16, 32, 64], registers });
    this.#permitWait = new Histogram({ name: 'scheduler_permit_wait_duration_seconds', help: 'Time that pods waited in Permit.', labelNames: ['result'], buckets: attemptBuckets, registers });
    const observed = (): ObservedScheduler => this.#observed();
    new Gauge({
      name: 'scheduler_pending_pods', help: 'Pods that wait, by queue.', labelNames: ['queue'], registers,
      collect() {
        for (const [queue, value] of Object.entries(observed().depths)) this.set({ queue }, Number(value));
      },
    });
    new Gauge({
      name: 'scheduler_scheduler_cache_size', help: 'Nodes, pods and assumed pods in the cache.', labelNames: ['type'], registers,
      collect() {
        const { nodes, placedPods, assumedPods } = observed();
        this.set({ type: 'nodes' }, nodes);
        this.set({ type: 'pods' }, placedPods);
        this.set({ type: 'assumed_pods' }, assumedPods);
      },
    });
  }

  watch(observed: () => ObservedScheduler, profiles: readonly string[]): void {
    this.#observed = observed;
    for (const profile of profiles) for (const result of ['scheduled', 'unschedulable', 'error']) this.#attempts.inc({ result, profile }, 0);
  }

  attempt(result: AttemptResult, profile: string, milliseconds: number): void {
    this.#attempts.inc({ result, profile });
    this.#duration.observe({ result, profile }, milliseconds / 1000);
  }

  searched(milliseconds: number): void {
    this.#algorithm.observe(milliseconds / 1000);
  }

  scheduled(attempts: number, waitedMs: number): void {
    this.#podAttempts.observe(attempts);
    this.#podLatency.observe({ attempts: String(Math.min(attempts, 16)) }, waitedMs / 1000);
  }

  incoming(queue: string, event: string): void {
    this.#incoming.inc({ queue, event });
  }

  preempted(victims: number): void {
    this.#preemptions.inc();
    this.#victims.observe(victims);
  }

  permitWaited(allowed: boolean, milliseconds: number): void {
    this.#permitWait.observe({ result: allowed ? 'allowed' : 'rejected' }, milliseconds / 1000);
  }
}
