import type { Logger } from '@navarch/component-base';
import { Counter, type Registry } from 'prom-client';
import { type AuditEvent, legacyLine } from './audit-event';

/** What the audit counts, by upstream's names; and what is told of events that were lost. */
export class AuditMetrics {
  private readonly events: Counter;
  private readonly levels: Counter;
  private readonly errors: Counter;
  private readonly rejections: Counter;

  constructor(registry: Registry, private readonly log: Logger) {
    const registers = [registry];
    this.events = new Counter({ name: 'apiserver_audit_event_total', help: 'Audit events made and handed to the backends.', registers });
    this.levels = new Counter({ name: 'apiserver_audit_level_total', help: 'Requests by how much of them is noted.', labelNames: ['level'], registers });
    this.errors = new Counter({ name: 'apiserver_audit_error_total', help: 'Audit events that were lost, by the part that lost them.', labelNames: ['plugin'], registers });
    this.rejections = new Counter({ name: 'apiserver_audit_requests_rejected_total', help: 'Requests refused because they could not be audited.', registers });
  }

  decided(level: string): void {
    this.levels.inc({ level });
  }

  made(): void {
    this.events.inc();
  }

  rejected(): void {
    this.rejections.inc();
  }

  lost(plugin: string, error: unknown, events: readonly AuditEvent[]): void {
    this.errors.inc({ plugin }, events.length);
    this.log.error({ err: error, plugin, lost: events.length, auditEvents: events.slice(0, 10).map(legacyLine) }, 'audit events lost');
  }
}
