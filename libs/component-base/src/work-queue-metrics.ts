import { type ObservedQueue, type QueueObserver, type WorkQueueMetrics } from '@navarch/workqueue';
import { Gauge, type Registry } from 'prom-client';
import { SeriesHistogram } from './series/series-histogram';
import { SeriesCounter, SeriesGauge } from './series/series-number';

/** As upstream's exponential buckets: 10 ns to 10 s. */
const SECONDS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

/** Reports work queues to a registry as upstream's workqueue_* metrics, by queue name. One per registry. */
export function createWorkQueueMetrics(registry: Registry): WorkQueueMetrics {
  const common = { labelNames: ['name'] as const, registers: [registry] };
  const queues: ObservedQueue[] = [];
  const depth = new SeriesGauge({ ...common, name: 'workqueue_depth', help: 'Current depth of workqueue' });
  const adds = new SeriesCounter({ ...common, name: 'workqueue_adds_total', help: 'Total number of adds handled by workqueue' });
  const retries = new SeriesCounter({ ...common, name: 'workqueue_retries_total', help: 'Total number of retries handled by workqueue' });
  const waited = new SeriesHistogram({ ...common, name: 'workqueue_queue_duration_seconds', help: 'How long an item stays in workqueue before being requested, in seconds.', buckets: SECONDS });
  const worked = new SeriesHistogram({ ...common, name: 'workqueue_work_duration_seconds', help: 'How long processing an item from workqueue takes, in seconds.', buckets: SECONDS });
  new Gauge({
    ...common,
    name: 'workqueue_unfinished_work_seconds',
    help: 'Seconds of work that is in progress and not yet observed by work_duration. Large values hint at stuck workers.',
    collect() {
      for (const queue of queues) this.set({ name: queue.name }, queue.unfinishedWorkSeconds());
    },
  });
  new Gauge({
    ...common,
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How many seconds the longest running worker of workqueue has been running.',
    collect() {
      for (const queue of queues) this.set({ name: queue.name }, queue.longestRunningProcessorSeconds());
    },
  });
  return {
    observe(queue: ObservedQueue): QueueObserver {
      queues.push(queue);
      const labels = { name: queue.name };
      const [own, addsTotal, retriesTotal, queueDuration, workDuration] = [depth.labels(labels), adds.labels(labels), retries.labels(labels), waited.labels(labels), worked.labels(labels)];
      return {
        depth: (value) => { own.value = value; },
        addsTotal: () => addsTotal.inc(),
        retriesTotal: () => retriesTotal.inc(),
        queueDurationSeconds: (seconds) => queueDuration.observe(seconds),
        workDurationSeconds: (seconds) => workDuration.observe(seconds),
      };
    },
  };
}
