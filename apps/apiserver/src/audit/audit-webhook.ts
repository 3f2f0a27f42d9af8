import type { Clock } from '@navarch/clock';
import type { AuditBackend } from './audit-backend';
import type { AuditEvent } from './audit-event';
import type { AuditMetrics } from './audit-metrics';

/** Whom events are sent to: a KubeconfigEndpoint. */
export interface AuditReceiver {
  /** @throws Error unless it was taken */
  deliver(body: unknown, timeoutMs: number): Promise<void>;
}

/** Upstream's. */
const ATTEMPTS = 5;
const FACTOR = 1.5;
const JITTER = 0.2;
const TIMEOUT_MS = 30_000;

/** Posts events as EventLists of audit.k8s.io/v1; a receiver that does not take them is asked again, with growing pauses, five times in all. */
export class AuditWebhook implements AuditBackend {
  readonly name = 'webhook';
  private readonly closing = new AbortController();
  private readonly underWay = new Set<Promise<boolean>>();

  constructor(
    /** `--audit-webhook-initial-backoff` */
    private readonly initialBackoffMs: number,
    private readonly deps: { readonly receiver: AuditReceiver; readonly clock: Clock; readonly metrics: AuditMetrics },
  ) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.hurry();
    await Promise.all(this.underWay);
  }

  hurry(): void {
    this.closing.abort(new Error('the server stops'));
  }

  process(events: readonly AuditEvent[]): Promise<boolean> {
    const work: Promise<boolean> = this.send(events).catch((error: unknown) => {
      this.deps.metrics.lost(this.name, error, events);
      return false;
    }).finally(() => this.underWay.delete(work));
    this.underWay.add(work);
    return work;
  }

  private async send(events: readonly AuditEvent[]): Promise<boolean> {
    const { receiver, clock } = this.deps;
    const body = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: events };
    let pauseMs = this.initialBackoffMs;
    for (let attempt = 1; ; attempt++) {
      try {
        await receiver.deliver(body, TIMEOUT_MS);
        return true;
      } catch (error) {
        if (attempt === ATTEMPTS || !(await this.mayTryAgain(pauseMs * (1 + Math.random() * JITTER), clock))) throw error;
        pauseMs *= FACTOR;
      }
    }
  }

  private async mayTryAgain(pauseMs: number, clock: Clock): Promise<boolean> {
    try {
      await clock.sleep(pauseMs, this.closing.signal);
      return true;
    } catch {
      return false; // the server stops: its last error is the one to tell
    }
  }
}
