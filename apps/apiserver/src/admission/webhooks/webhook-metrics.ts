import { Counter, Histogram, type Registry } from 'prom-client';

export type WebhookType = 'admit' | 'validating';

export interface WebhookCall {
  readonly name: string;
  readonly type: WebhookType;
  readonly operation: string;
}

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];

/** What calls of webhooks come to, by upstream's names. */
export class WebhookMetrics {
  private readonly duration: Histogram;
  private readonly requests: Counter;
  private readonly rejections: Counter;
  private readonly failedOpen: Counter;

  constructor(registry: Registry) {
    const labelNames = ['name', 'type', 'operation'];
    this.duration = new Histogram({
      name: 'apiserver_admission_webhook_admission_duration_seconds',
      help: 'How long webhooks took to answer, by name, operation and whether they refused.',
      labelNames: [...labelNames, 'rejected'],
      buckets,
      registers: [registry],
    });
    this.requests = new Counter({
      name: 'apiserver_admission_webhook_request_total',
      help: 'Calls of webhooks by name, operation, code and whether they refused.',
      labelNames: [...labelNames, 'code', 'rejected'],
      registers: [registry],
    });
    this.rejections = new Counter({
      name: 'apiserver_admission_webhook_rejection_count',
      help: 'Writes refused by webhooks, or because one could not be asked.',
      labelNames: [...labelNames, 'error_type', 'rejection_code'],
      registers: [registry],
    });
    this.failedOpen = new Counter({
      name: 'apiserver_admission_webhook_fail_open_count',
      help: 'Webhooks that could not be asked and were passed over.',
      labelNames: ['name', 'type'],
      registers: [registry],
    });
  }

  answered(call: WebhookCall, seconds: number, code: number, rejected: boolean): void {
    this.duration.observe({ ...call, rejected: String(rejected) }, seconds);
    this.requests.inc({ ...call, code: String(code), rejected: String(rejected) });
  }

  rejected(call: WebhookCall, errorType: 'calling_webhook_error' | 'no_error', code: number): void {
    this.rejections.inc({ ...call, error_type: errorType, rejection_code: String(code) });
  }

  passedOver({ name, type }: WebhookCall): void {
    this.failedOpen.inc({ name, type });
  }
}
