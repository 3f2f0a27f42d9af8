import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import { type AuditBackend, ignoringErrors, union } from './audit/audit-backend';
import { AuditLog } from './audit/audit-log';
import { AuditMetrics } from './audit/audit-metrics';
import { auditOptions, type Delivery } from './audit/audit-options';
import { AuditPolicy } from './audit/audit-policy';
import { AuditWebhook } from './audit/audit-webhook';
import { Auditor } from './audit/auditor';
import { BufferedBackend } from './audit/buffered-backend';
import { TruncatingBackend } from './audit/truncating-backend';
import type { ApiserverConfig } from './config';
import { KubeconfigEndpoint } from './services/kubeconfig-endpoint';

/** Nothing is audited without a policy, or without somewhere to put it. */
export interface ComposedAudit {
  readonly auditor: Auditor | undefined;
  readonly components: readonly Component[];
}

/** @throws for flags or files that are wrong */
export async function composeAudit(config: ApiserverConfig, { clock, log, metrics: registry }: { readonly clock: Clock; readonly log: Logger; readonly metrics: Registry }): Promise<ComposedAudit> {
  const metrics = new AuditMetrics(registry, log);
  const { log: file, webhook } = auditOptions(config);
  if (config.auditPolicyFile === undefined || (!file && !webhook)) return { auditor: undefined, components: [] };
  const delivered = (backend: AuditBackend, { mode, batch, truncate }: Delivery): AuditBackend => {
    const delivering = mode === 'batch' ? new BufferedBackend(backend, batch, { clock, metrics }) : mode === 'blocking' ? ignoringErrors(backend) : backend;
    return truncate ? new TruncatingBackend(delivering, truncate, metrics) : delivering;
  };
  const backends: AuditBackend[] = [];
  const components: Component[] = [];
  if (file) {
    const onBackupError = (error: unknown): void => log.error({ err: error }, 'audit logs that were put aside are not looked after');
    backends.push(delivered(new AuditLog(file.options, { clock, metrics, onBackupError }), file.delivery));
  }
  if (webhook) {
    const receiver = await KubeconfigEndpoint.load(webhook.configFile);
    backends.push(delivered(new AuditWebhook(webhook.initialBackoffMs, { receiver, clock, metrics }), webhook.delivery));
    components.push({
      name: 'audit-connections', start: () => Promise.resolve(), stop: () => {
        receiver.close();
        return Promise.resolve();
      },
    });
  }
  const backend = union(backends);
  return { auditor: new Auditor(await AuditPolicy.load(config.auditPolicyFile), { backend, clock, metrics }), components: [...components, backend] };
}
