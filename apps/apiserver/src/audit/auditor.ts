import type { Clock } from '@navarch/clock';
import { formatMicroTime } from '@navarch/apimachinery';
import { Counter, type Registry } from 'prom-client';
import type { Exchange } from '../http/exchange';
import type { AuthorizationAttributes } from '../pipeline';
import type { AuditDecision, AuditPolicy, AuditStage } from './audit-policy';

/** Where events go: an AuditLog. */
export interface AuditSink {
  write(event: object): void;
}

/** The audit of one request. */
export interface AuditTrail {
  complete(): void;
}

const bodyLevels = ['Request', 'RequestResponse'];

function bodyOf(bytes: Buffer | undefined, omitManagedFields: boolean): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    const object = JSON.parse(bytes.toString()) as { metadata?: { managedFields?: unknown }; items?: { metadata?: { managedFields?: unknown } }[] };
    if (omitManagedFields) for (const one of [object, ...(object.items ?? [])]) delete one.metadata?.managedFields;
    return object;
  } catch {
    return { apiVersion: 'audit.k8s.io/v1', kind: 'Unreadable', bytes: bytes.length }; // protobuf or YAML: that it was there is noted
  }
}

/** Notes requests as the policy says: audit.k8s.io/v1 events. */
export class Auditor {
  private readonly events: Counter;

  constructor(
    private readonly policy: AuditPolicy,
    private readonly deps: { readonly sink: AuditSink; readonly clock: Clock; readonly metrics: Registry },
  ) {
    this.events = new Counter({ name: 'apiserver_audit_event_total', help: 'Audit events written.', registers: [deps.metrics] });
  }

  /** Undefined: nothing of this request is noted. */
  begin(exchange: Exchange, attributes: AuthorizationAttributes): AuditTrail | undefined {
    const decision = this.policy.decide(exchange.user, attributes);
    if (decision.level === 'None') return undefined;
    const receivedAt = this.deps.clock.now();
    if (bodyLevels.includes(decision.level)) exchange.bodies = {};
    this.write('RequestReceived', decision, exchange, attributes, receivedAt);
    return { complete: () => this.write('ResponseComplete', decision, exchange, attributes, receivedAt) };
  }

  private write(stage: AuditStage, { level, omitStages, omitManagedFields }: AuditDecision, exchange: Exchange, attributes: AuthorizationAttributes, receivedAt: number): void {
    if (omitStages.has(stage)) return;
    const { request, user, caller, annotations, bodies, status } = exchange;
    const userInfo = ({ name, uid, groups, extra }: typeof user): object => ({ username: name, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) });
    const done = stage === 'ResponseComplete';
    const { isResource, verb, group, version, resource, subresource, namespace, name } = attributes;
    const requestObject = done ? bodyOf(bodies?.request, omitManagedFields) : undefined;
    const responseObject = done && level === 'RequestResponse' ? bodyOf(bodies?.response, omitManagedFields) : undefined;
    this.events.inc();
    this.deps.sink.write({
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level, auditID: exchange.id, stage, requestURI: request.url ?? '', verb,
      user: userInfo(caller ?? user), ...(caller ? { impersonatedUser: userInfo(user) } : {}),
      sourceIPs: [request.socket.remoteAddress ?? ''], userAgent: exchange.userAgent,
      ...(isResource ? { objectRef: { resource, ...(namespace === '' ? {} : { namespace }), ...(name === '' ? {} : { name }), ...(group === '' ? {} : { apiGroup: group }), apiVersion: version, ...(subresource === '' ? {} : { subresource }) } } : {}),
      ...(done ? { responseStatus: { metadata: {}, code: status } } : {}),
      ...(requestObject === undefined ? {} : { requestObject }), ...(responseObject === undefined ? {} : { responseObject }),
      requestReceivedTimestamp: formatMicroTime(receivedAt), stageTimestamp: formatMicroTime(this.deps.clock.now()),
      ...(done && annotations ? { annotations } : {}),
    });
  }
}
