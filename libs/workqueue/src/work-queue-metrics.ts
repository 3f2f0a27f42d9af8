/** What a queue can be asked for, at any time. */
export interface ObservedQueue {
  readonly name: string;
  readonly length: number;
  /** `workqueue_unfinished_work_seconds`: how long all work in progress has taken, added up. */
  unfinishedWorkSeconds(): number;
  /** `workqueue_longest_running_processor_seconds`. */
  longestRunningProcessorSeconds(): number;
}

/** What a queue tells; the names are those of upstream's metrics without `workqueue_`. */
export interface QueueObserver {
  depth(value: number): void;
  addsTotal(): void;
  retriesTotal(): void;
  queueDurationSeconds(seconds: number): void;
  workDurationSeconds(seconds: number): void;
}

/** Where queues report to; component-base has one for prom-client. */
export interface WorkQueueMetrics {
  observe(queue: ObservedQueue): QueueObserver;
}

export const noMetrics: WorkQueueMetrics = {
  observe: () => ({
    depth: () => undefined,
    addsTotal: () => undefined,
    retriesTotal: () => undefined,
    queueDurationSeconds: () => undefined,
    workDurationSeconds: () => undefined,
  }),
};
