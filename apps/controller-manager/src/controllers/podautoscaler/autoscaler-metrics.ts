import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';

export type ScaleAction = 'scale_up' | 'scale_down' | 'none';
/** Whose fault it is: the autoscaler's specification, or something within. */
export type ScaleError = 'spec' | 'internal' | 'none';

const buckets = exponentialBuckets(0.001, 2, 15);

/** Metrics of the autoscaler's controller, by upstream's names (pkg/controller/podautoscaler/metrics). */
export class AutoscalerMetrics {
  readonly #rounds: Counter<'action' | 'error'>;
  readonly #roundDuration: Histogram<'action' | 'error'>;
  readonly #computations: Counter<'action' | 'error' | 'metric_type'>;
  readonly #computationDuration: Histogram<'action' | 'error' | 'metric_type'>;
  readonly #desired: Gauge<'hpa_name' | 'namespace'>;

  /** @param known how many autoscalers there are */
  constructor(registry: Registry, known: () => number) {
    const registers = [registry];
    const prefix = 'horizontal_pod_autoscaler_controller';
    const [ofRound, ofMetric] = [['action', 'error'] as const, ['action', 'error', 'metric_type'] as const];
    this.#rounds = new Counter({ name: `${prefix}_reconciliations_total`, help: 'Number of reconciliations of HPA controller.', labelNames: ofRound, registers });
    this.#roundDuration = new Histogram({
      name: `${prefix}_reconciliation_duration_seconds`,
      help: 'The time(seconds) that the HPA controller takes to reconcile once.',
      labelNames: ofRound,
      buckets,
      registers,
    });
    this.#computations = new Counter({ name: `${prefix}_metric_computation_total`, help: 'Number of metric computations.', labelNames: ofMetric, registers });
    this.#computationDuration = new Histogram({
      name: `${prefix}_metric_computation_duration_seconds`,
      help: 'The time(seconds) that the HPA controller takes to calculate one metric.',
      labelNames: ofMetric,
      buckets,
      registers,
    });
    this.#desired = new Gauge({ name: `${prefix}_desired_replicas`, help: 'Current desired replica count for HPA objects.', labelNames: ['namespace', 'hpa_name'], registers });
    new Gauge({
      name: `${prefix}_num_horizontal_pod_autoscalers`, help: 'Current number of controlled HPA objects.', registers,
      collect() {
        this.set(known());
      },
    });
  }

  desired(namespace: string, hpa_name: string, replicas: number): void {
    this.#desired.set({ namespace, hpa_name }, replicas);
  }

  gone(namespace: string, hpa_name: string): void {
    this.#desired.remove({ namespace, hpa_name });
  }

  round(action: ScaleAction, error: ScaleError, milliseconds: number): void {
    this.#rounds.inc({ action, error });
    this.#roundDuration.observe({ action, error }, milliseconds / 1000);
  }

  computed(metric_type: string, action: ScaleAction, error: ScaleError, milliseconds: number): void {
    this.#computations.inc({ action, error, metric_type });
    this.#computationDuration.observe({ action, error, metric_type }, milliseconds / 1000);
  }
}

/** What a wish for another size comes to. */
export function actionFor(current: number, wanted: number): ScaleAction {
  return wanted > current ? 'scale_up' : wanted < current ? 'scale_down' : 'none';
}
