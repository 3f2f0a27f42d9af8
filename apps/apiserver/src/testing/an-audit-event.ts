import { createRegistry, silentLogger } from '@navarch/component-base';
import type { AuditBackend } from '../audit/audit-backend';
import type { AuditEvent } from '../audit/audit-event';
import { AuditMetrics } from '../audit/audit-metrics';

export const anAuditEvent = (auditID: string, over: Partial<AuditEvent> = {}): AuditEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/api/v1/pods',
  verb: 'list',
  user: { username: 'jane', groups: ['dev', 'ops'] },
  sourceIPs: ['10.0.0.1'],
  userAgent: 'curl',
  requestReceivedTimestamp: '2026-01-01T00:00:00.120000Z',
  stageTimestamp: '2026-01-01T00:00:01.000000Z',
  ...over,
});

/** Keeps batches in memory; what it is given while it is closed waits until it is opened. */
export class MemoryAudit implements AuditBackend {
  readonly name = 'memory';
  readonly batches: string[][] = [];
  takes = true;
  private closed: Promise<void> = Promise.resolve();
  private release = (): void => undefined;

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.closed;
  }

  close(): void {
    this.closed = new Promise((settle) => (this.release = settle));
  }

  open(): void {
    this.release();
  }

  async process(events: readonly AuditEvent[]): Promise<boolean> {
    this.batches.push(events.map(({ auditID }) => auditID));
    await this.closed;
    return this.takes;
  }
}

/** Metrics with what they counted: `lost` by the part that lost events. */
export function auditCounts(): { metrics: AuditMetrics; lost: () => Promise<Record<string, number>>; text: () => Promise<string> } {
  const registry = createRegistry();
  const metrics = new AuditMetrics(registry, silentLogger);
  const lost = async (): Promise<Record<string, number>> => {
    const found = await registry.getSingleMetric('apiserver_audit_error_total')?.get();
    return Object.fromEntries((found?.values ?? []).map(({ labels, value }) => [String(labels['plugin']), value]));
  };
  return { metrics, lost, text: () => registry.metrics() };
}
