import type { Clock } from '@navarch/clock';
import { formatMicroTime } from '@navarch/apimachinery';
import type { Exchange } from '../http/exchange';
import type { AuthorizationAttributes, User } from '../pipeline';
import type { AuditBackend } from './audit-backend';
import type { AuditedUser, AuditEvent } from './audit-event';
import type { AuditMetrics } from './audit-metrics';
import type { AuditDecision, AuditPolicy, AuditStage } from './audit-policy';
import { recordedBody } from './recorded-body';
import { sourceAddresses } from './source-addresses';

/** The audit of one request. */
export interface AuditTrail {
  /** The request is over. Notes it, unless that was done when its answer was about to be sent. */
  complete(): void;
}

const kept = Promise.resolve(true);
const bodyLevels = ['Request', 'RequestResponse'];

const userInfo = ({ name, uid, groups, extra }: User): AuditedUser => ({ username: name, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) });

const filled = (fields: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));

/** What the request is about; what its path leaves open, the body says. */
function objectRef({ sent }: Exchange, { isResource, resource, namespace, name, group, version, subresource }: AuthorizationAttributes): Pick<AuditEvent, 'objectRef'> {
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
  constructor(
    private readonly policy: AuditPolicy,
    private readonly deps: { readonly backend: AuditBackend; readonly clock: Clock; readonly metrics: AuditMetrics },
  ) {}

  /**
   * The policy looks at who asks, not at whom they impersonate. Undefined: nothing of this request is noted. `rejected`: it could not be noted,
   * and must not go on.
   */
  async begin(exchange: Exchange, attributes: AuthorizationAttributes, longRunning: boolean): Promise<AuditTrail | 'rejected' | undefined> {
    const { metrics, clock } = this.deps;
    const decision = this.policy.decide(exchange.user, attributes);
    metrics.decided(decision.level);
    if (decision.level === 'None') return undefined;
    const receivedAt = clock.now();
    const note = (stage: AuditStage, response?: object): Promise<boolean> => this.write(stage, decision, exchange, attributes, receivedAt, response);
    exchange.isAudited = true;
    if (bodyLevels.includes(decision.level)) exchange.bodies = {};
    if (!(await note('RequestReceived'))) {
      metrics.rejected();
      return 'rejected';
    }
    if (longRunning) exchange.onStarted = () => void note('ResponseStarted', { metadata: {}, code: exchange.status });
    let completed: Promise<boolean> | undefined;
    // As upstream, where a blocking backend is done with the last event before the answer ends; of what lasts, the answer is long under way.
    if (!longRunning) exchange.beforeEnd = (code) => (completed ??= note('ResponseComplete', exchange.refusal ?? { metadata: {}, code }));
    return {
      complete: () => {
        if (completed) return;
        // Who goes before the answer begins leaves no answer to note.
        if (longRunning && exchange.status === 0) void note('ResponseStarted', { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 });
        void note('ResponseComplete', exchange.refusal ?? { metadata: {}, code: exchange.status === 0 ? 200 : exchange.status });
      },
    };
  }

  /** A request that nobody is known to have sent; such have this one stage. */
  unauthenticated(exchange: Exchange, attributes: AuthorizationAttributes, hasCertificate: boolean): void {
    const decision = this.policy.decide({ name: '', groups: [] }, attributes);
    this.deps.metrics.decided(decision.level);
    if (decision.level === 'None') return;
    exchange.isAudited = true;
    exchange.user = { name: '', groups: [] };
    void this.write('ResponseStarted', decision, exchange, attributes, this.deps.clock.now(), { metadata: {}, message: attempted(exchange, hasCertificate), code: 401 });
  }

  private write(stage: AuditStage, { level, omitStages, omitManagedFields }: AuditDecision, exchange: Exchange, attributes: AuthorizationAttributes, receivedAt: number, response: object | undefined): Promise<boolean> {
    if (omitStages.has(stage)) return kept;
    const { request, user, caller, annotations, bodies, impersonationConstraint } = exchange;
    const requestObject = response && recordedBody(bodies?.request, omitManagedFields);
    const responseObject = stage === 'ResponseComplete' && level === 'RequestResponse' ? recordedBody(bodies?.response, omitManagedFields) : undefined;
    const asker = caller ?? user;
    this.deps.metrics.made();
    return this.deps.backend.process([{
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level, auditID: exchange.id, stage, requestURI: request.url ?? '', verb: attributes.verb,
      user: asker.name === '' ? {} : userInfo(asker), ...(caller ? { impersonatedUser: userInfo(user) } : {}),
      ...(impersonationConstraint === undefined ? {} : { authenticationMetadata: { impersonationConstraint } }),
      sourceIPs: sourceAddresses(request.headers, request.socket.remoteAddress), userAgent: exchange.userAgent,
      ...objectRef(exchange, attributes),
      ...(response ? { responseStatus: response } : {}),
      ...(requestObject === undefined ? {} : { requestObject }), ...(responseObject === undefined ? {} : { responseObject }),
      requestReceivedTimestamp: formatMicroTime(receivedAt), stageTimestamp: formatMicroTime(this.deps.clock.now()),
      ...(response && annotations ? { annotations } : {}),
    }]);
  }
}
