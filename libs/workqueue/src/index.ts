/** The queue between what changed and who reacts: keys, once each, retried with back-off. */
export { BucketRateLimiter, defaultControllerRateLimiter, ExponentialRateLimiter, MaxOfRateLimiter, type RateLimiter } from './rate-limiter';
export { WorkQueue, type WorkQueueDeps, type WorkQueueOptions } from './work-queue';
export { noMetrics, type ObservedQueue, type QueueObserver, type WorkQueueMetrics } from './work-queue-metrics';
