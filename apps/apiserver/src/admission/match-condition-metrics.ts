import { Counter, Histogram, type Registry } from 'prom-client';

/** Whose conditions they are, and of which write. */
export interface ConditionsOf {
  readonly name: string;
  readonly kind: 'policy' | 'webhook';
  readonly type: 'admit' | 'validate' | 'validating';
  readonly operation: string;
}

/** What match conditions come to, by upstream's names. */
export class MatchConditionMetrics {
  private readonly errors: Counter;
  private readonly exclusions: Counter;
  private readonly seconds: Histogram;

  constructor(registry: Registry) {
    const common = { labelNames: ['name', 'kind', 'type', 'operation'], registers: [registry] };
    this.errors = new Counter({ name: 'apiserver_admission_match_condition_evaluation_errors_total', help: 'Match conditions that could not be evaluated.', ...common });
    this.exclusions = new Counter({ name: 'apiserver_admission_match_condition_exclusions_total', help: 'Writes that webhooks were not asked about for their match conditions.', ...common });
    this.seconds = new Histogram({
      name: 'apiserver_admission_match_condition_evaluation_seconds',
      help: 'How long the match conditions of a webhook or policy took.',
      buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
      ...common,
    });
  }

  evaluated(of: ConditionsOf, faults: number, seconds: number): void {
    const { name, kind, type, operation } = of;
    if (faults > 0) this.errors.inc({ name, kind, type, operation }, faults);
    this.seconds.observe({ name, kind, type, operation }, seconds);
  }

  excluded({ name, kind, type, operation }: ConditionsOf): void {
    this.exclusions.inc({ name, kind, type, operation });
  }
}
