import { Gauge, Histogram, type Registry } from 'prom-client';
import { offloadedWork, type WorkName } from './offloaded-work';

type Outcome = 'done' | 'failed' | 'refused' | 'timeout';

const OUTCOMES: readonly Outcome[] = ['done', 'failed', 'refused', 'timeout'];

/** What other threads do for this server. */
export class WorkMetrics {
  private readonly duration: Histogram;
  private readonly queue: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.duration = new Histogram({
      name: 'navarch_apiserver_offloaded_work_duration_seconds', help: 'How long work on large objects waited and took in another thread, by what it was and how it ended.',
      labelNames: ['work', 'outcome'], buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20], registers,
    });
    this.queue = new Gauge({ name: 'navarch_apiserver_offloaded_work_waiting', help: 'Pieces of work on large objects that wait for a thread.', registers });
    for (const work of Object.keys(offloadedWork)) for (const outcome of OUTCOMES) this.duration.zero({ work, outcome });
  }

  done(work: WorkName, outcome: Outcome, seconds: number): void {
    this.duration.observe({ work, outcome }, seconds);
  }

  waiting(count: number): void {
    this.queue.set(count);
  }
}
