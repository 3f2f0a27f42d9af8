import { FakeClock } from '@navarch/clock';
import { WorkQueue } from '@navarch/workqueue';
import { Registry } from 'prom-client';
import { createWorkQueueMetrics } from './work-queue-metrics';

it('reports a queue under the names of upstream', async () => {
  const registry = new Registry();
  const clock = new FakeClock();
  const queue = new WorkQueue({ name: 'deployment' }, { clock, metrics: createWorkQueueMetrics(registry) });
  queue.add('a');
  queue.add('b');
  await queue.get();
  await clock.advance(2000);
  const text = await registry.metrics();
  for (const line of [
    'workqueue_depth{name="deployment"} 1',
    'workqueue_adds_total{name="deployment"} 2',
    'workqueue_retries_total{name="deployment"} 0',
    'workqueue_unfinished_work_seconds{name="deployment"} 2',
    'workqueue_longest_running_processor_seconds{name="deployment"} 2',
    'workqueue_queue_duration_seconds_count{name="deployment"} 1',
  ]) expect(text).toContain(line);
});
