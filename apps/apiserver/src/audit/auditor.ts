import type { Clock } from '@navarch/clock';
import { formatMicroTime } from '@navarch/apimachinery';
import { Counter, type Registry } from 'prom-client';
import type { Exchange } from '../http/exchange';
import type { AuthorizationAttributes, User } from '../pipeline';
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

const userInfo = ({ name, uid, groups, extra }: User): object => ({ username: name, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) });

const filled = (fields: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));

/** What the request is about; what its path leaves open, the body says. */
function objectRef({ sent }: Exchange, { isResource, resource, namespace, name, group, version, subresource }: AuthorizationAttributes): object {
  if (!isResource) return {};
  const ref = filled({
    resource, namespace: namespace === '' ? sent?.namespace : namespace, name: name === '' ? sent?.name : name, uid: sent?.uid, apiGroup: group, apiVersion: version, resourceVersion: sent?.resourceVersion, subresource,
  });
  return { objectRef: ref };
}

/** Which credentials were tried, as upstream's failed-authentication audit says it. */
function attempted({ request, query }: Exchange, hasCertificate: boolean): string {
  const [scheme = '', token] = (request.headers.authorization ?? '').trim().split(' ', 2);
  const known = ['basic', 'bearer'].filter((one) => scheme.toLowerCase() === one && token !== undefined);
  const methods = [...known, ...((query.get('access_token') ?? '') === '' ? [] : ['access_token']), ...(hasCertificate ? ['x509'] : [])];
  return methods.length === 0 ? 'Authentication failed, no credentials provided' : `Authentication failed, attempted: ${methods.join(', ')}`;
}

/** Notes requests as the policy says: audit.k8s.io/v1 events. */
export class Auditor {
  private readonly events: Counter;
  private readonly levels: Counter;

  constructor(
    private readonly policy: AuditPolicy,
    private readonly deps: { readonly sink: AuditSink; readonly clock: Clock; readonly metrics: Registry },
  ) {
    this.events = new Counter({ name: 'apiserver_audit_event_total', help: 'Audit events written.', registers: [deps.metrics] });
    this.levels = new Counter({ name: 'apiserver_audit_level_total', help: 'Requests by how much of them is noted.', labelNames: ['level'], registers: [deps.metrics] });
  }

  /** The policy looks at who asks, not at whom they impersonate. Undefined: nothing of this request is noted. */
  begin(exchange: Exchange, attributes: AuthorizationAttributes, longRunning: boolean): AuditTrail | undefined {
    const decision = this.policy.decide(exchange.user, attributes);
    this.levels.inc({ level: decision.level });
    if (decision.level === 'None') return undefined;
    const receivedAt = this.deps.clock.now();
    const note = (stage: AuditStage, response?: object): void => this.write(stage, decision, exchange, attributes, receivedAt, response);
    exchange.isAudited = true;
    if (bodyLevels.includes(decision.level)) exchange.bodies = {};
    note('RequestReceived');
    if (longRunning) exchange.onStarted = () => note('ResponseStarted', { metadata: {}, code: exchange.status });
    return {
      complete: () => {
        // Who goes before the answer begins leaves no answer to note.
        if (longRunning && exchange.status === 0) note('ResponseStarted', { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 });
        note('ResponseComplete', exchange.refusal ?? { metadata: {}, code: exchange.status === 0 ? 200 : exchange.status });
      },
    };
  }

  /** A request that nobody is known to have sent; such have this one stage. */
  unauthenticated(exchange: Exchange, attributes: AuthorizationAttributes, hasCertificate: boolean): void {
    const decision = this.policy.decide({ name: '', groups: [] }, attributes);
    this.levels.inc({ level: decision.level });
    if (decision.level === 'None') return;
    exchange.isAudited = true;
    exchange.user = { name: '', groups: [] };
    this.write('ResponseStarted', decision, exchange, attributes, this.deps.clock.now(), { metadata: {}, message: attempted(exchange, hasCertificate), code: 401 });
  }

  private write(stage: AuditStage, { level, omitStages, omitManagedFields }: AuditDecision, exchange: Exchange, attributes: AuthorizationAttributes, receivedAt: number, response: object | undefined): void {
    if (omitStages.has(stage)) return;
    const { request, user, caller, annotations, bodies, impersonationConstraint } = exchange;
    const requestObject = response && bodyOf(bodies?.request, omitManagedFields);
    const responseObject = stage === 'ResponseComplete' && level === 'RequestResponse' ? bodyOf(bodies?.response, omitManagedFields) : undefined;
    const asker = caller ?? user;
    this.events.inc();
    this.deps.sink.write({
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level, auditID: exchange.id, stage, requestURI: request.url ?? '', verb: attributes.verb,
      user: asker.name === '' ? {} : userInfo(asker), ...(caller ? { impersonatedUser: userInfo(user) } : {}),
      ...(impersonationConstraint === undefined ? {} : { authenticationMetadata: { impersonationConstraint } }),
      sourceIPs: [request.socket.remoteAddress ?? ''], userAgent: exchange.userAgent,
      ...objectRef(exchange, attributes),
      ...(response ? { responseStatus: response } : {}),
      ...(requestObject === undefined ? {} : { requestObject }), ...(responseObject === undefined ? {} : { responseObject }),
      requestReceivedTimestamp: formatMicroTime(receivedAt), stageTimestamp: formatMicroTime(this.deps.clock.now()),
      ...(response && annotations ? { annotations } : {}),
    });
  }
}
