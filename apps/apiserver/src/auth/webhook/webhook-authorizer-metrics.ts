import { Counter, Histogram, type Registry } from 'prom-client';

export type EvaluationResult = 'canceled' | 'error' | 'success' | 'timeout';

/** What asking webhooks comes to, by upstream's names. */
export class WebhookAuthorizerMetrics {
  private readonly evaluations: Counter;
  private readonly duration: Histogram;
  private readonly failedOpen: Counter;
  private readonly exclusions: Counter;
  private readonly conditionErrors: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.evaluations = new Counter({ name: 'apiserver_authorization_webhook_evaluations_total', help: 'Calls of authorization webhooks.', labelNames: ['name', 'result'], registers });
    this.duration = new Histogram({
      name: 'apiserver_authorization_webhook_duration_seconds',
      help: 'How long they took.',
      labelNames: ['name', 'result'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.failedOpen = new Counter({ name: 'apiserver_authorization_webhook_evaluations_fail_open_total', help: 'Those that failed and were passed over.', labelNames: ['name', 'result'], registers });
    this.exclusions = new Counter({
      name: 'apiserver_authorization_match_condition_exclusions_total',
      help: 'Questions that webhooks were not asked for their match conditions.',
      labelNames: ['type', 'name'],
      registers,
    });
    this.conditionErrors = new Counter({
      name: 'apiserver_authorization_match_condition_evaluation_errors_total',
      help: 'Match conditions that could not be evaluated.',
      labelNames: ['type', 'name'],
      registers,
    });
  }

  asked(name: string, result: EvaluationResult, seconds: number): void {
    this.evaluations.inc({ name, result });
    this.duration.observe({ name, result }, seconds);
  }

  passedOver(name: string, result: EvaluationResult): void {
    this.failedOpen.inc({ name, result });
  }

  excluded(name: string): void {
    this.exclusions.inc({ type: 'Webhook', name });
  }

  undecided(name: string): void {
    this.conditionErrors.inc({ type: 'Webhook', name });
  }
}
