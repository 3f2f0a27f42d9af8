import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { QueueDepths } from './scheduling-queue';

const profile = 'default-scheduler';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** Metrics by upstream's names. */
export class SchedulerMetrics {
  readonly #attempts: Counter<'result' | 'profile'>;
  readonly #duration: Histogram<'result' | 'profile'>;
  readonly #podAttempts: Histogram;
  readonly #podLatency: Histogram<'attempts'>;
  #depths: () => QueueDepths = () => ({ active: 0, backoff: 0, unschedulable: 0, gated: 0 });

  constructor(registry: Registry) {
    const registers = [registry];
    this.#attempts = new Counter({ name: 'scheduler_schedule_attempts_total', help: 'Attempts to schedule pods, by result.', labelNames: ['result', 'profile'], registers });
    this.#duration = new Histogram({ name: 'scheduler_scheduling_attempt_duration_seconds', help: 'Duration of an attempt, with binding.', labelNames: ['result', 'profile'], buckets: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096], registers });
    this.#podAttempts = new Histogram({ name: 'scheduler_pod_scheduling_attempts', help: 'Attempts until a pod was scheduled.', buckets: [1, 2, 4, 8, 16], registers });
    this.#podLatency = new Histogram({ name: 'scheduler_pod_scheduling_sli_duration_seconds', help: 'From a pod entering the queue to its binding.', labelNames: ['attempts'], buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96], registers });
    const depths = (): QueueDepths => this.#depths();
    new Gauge({
      name: 'scheduler_pending_pods', help: 'Pods that wait, by queue.', labelNames: ['queue'], registers,
      collect() {
        for (const [queue, value] of Object.entries(depths())) this.set({ queue }, Number(value));
      },
    });
    for (const result of ['scheduled', 'unschedulable', 'error']) this.#attempts.inc({ result, profile }, 0);
  }

  watchQueue(depths: () => QueueDepths): void {
    this.#depths = depths;
  }

  attempt(result: AttemptResult, milliseconds: number): void {
    this.#attempts.inc({ result, profile });
    this.#duration.observe({ result, profile }, milliseconds / 1000);
  }

  scheduled(attempts: number, waitedMs: number): void {
    this.#podAttempts.observe(attempts);
    this.#podLatency.observe({ attempts: String(Math.min(attempts, 16)) }, waitedMs / 1000);
  }
}
