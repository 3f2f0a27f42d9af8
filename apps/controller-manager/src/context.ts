import type { Clock } from '@navarch/clock';
import { EventRecorder, type ObjectApi, type ObjectSources, type Outcome, type ReconcileLog } from '@navarch/reconcile';
import type { WorkQueueMetrics } from '@navarch/workqueue';
import type { Registry } from 'prom-client';
import type { ControllerConfig } from './config';
import type { MetricsClient } from './controllers/podautoscaler/metrics-client';
import type { RestApi } from './rest/json-reader';

/** What every controller is made of. */
export interface ControllerContext {
  readonly api: ObjectApi;
  readonly sources: ObjectSources;
  readonly clock: Clock;
  readonly log: ReconcileLog;
  readonly config: ControllerConfig;
  /** What pods use, and whatever else autoscalers go by. */
  readonly metrics: MetricsClient;
  /** What other API servers serve. */
  readonly rest: RestApi;
  /** For the metrics of each controller. */
  readonly registry: Registry;
  readonly queueMetrics?: WorkQueueMetrics;
  readonly onOutcome?: (controller: string, outcome: Outcome) => void;
}

/** A recorder that speaks for a component, such as `deployment-controller`. */
export function recorderFor(component: string, { api, clock, log }: ControllerContext): EventRecorder {
  return new EventRecorder({ component }, { api, clock, log });
}
