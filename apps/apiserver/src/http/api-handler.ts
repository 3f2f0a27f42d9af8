import { isApiError, parseBoolean } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { isTapped, tellBoundary, type Logger } from '@navarch/component-base';
import type { Auditor, AuditTrail } from '../audit/auditor';
import type { FlowControl, Ticket } from '../flow-control/flow-control';
import type { RequestedWork } from '../flow-control/work-estimate';
import { ServerResponse, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type AuthorizationAttributes, Deadline, GROUP_UNAUTHENTICATED, type TlsPeer } from '../pipeline';
import type { AuthenticatorChain } from '../pipeline/authenticate';
import { type AuthorizerChain, refusalFor } from '../pipeline/authorize';
import { Impersonation } from '../pipeline/impersonate';
import { asksForImpersonation, wantedUser } from '../pipeline/impersonation-headers';
import type { InFlightLimit } from '../pipeline/in-flight-limit';
import { selectedName } from '../pipeline/selected-name';
import type { Connection } from './connection';
import type { DoorHeaders } from './door-headers';
import { Exchange, NO_QUERY, type Request, type Response, type Upgrade } from './exchange';
import type { LastRequests } from './last-requests';
import type { PathRoutes } from './path-routes';
import { requestTimeoutMs, within } from './request-deadline';
import { requestInfo, type RequestInfo } from './request-info';
import { retireConnection } from './retire-connection';
import type { RequestMetrics } from './request-metrics';
import type { ResourceHandler } from './resource-handler';
import { sendError, sendPathNotFound, sendPlainFailure } from './respond';

export interface ApiHandlerDeps {
  readonly door: DoorHeaders;
  readonly authentication: AuthenticatorChain;
  readonly authorization: AuthorizerChain;
  readonly inFlight: InFlightLimit;
  readonly lastRequests: LastRequests;
  /** Absent: nothing is audited. */
  readonly auditor: Auditor | undefined;
  /** Absent: only the number of requests under way is bounded. */
  readonly flowControl: FlowControl | undefined;
  readonly resources: ResourceHandler;
  readonly paths: PathRoutes;
  /** Answers what other API servers serve; undefined for everything else. */
  readonly elsewhere: (exchange: Exchange) => Promise<void> | undefined;
  readonly metrics: RequestMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** `--request-timeout`; 0 for none. */
  readonly requestTimeoutMs: number;
}

const READING = new Set(['get', 'list', 'watch', 'head', 'options']);
const CONNECTING = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

const isLongRunning = (info: RequestInfo): boolean => info.verb === 'watch' || (info.isResource && CONNECTING.has(info.subresource));

function attributesOf({ info, query }: Exchange): AuthorizationAttributes {
  const { isResource, verb, path, group, version, namespace, resource, subresource } = info;
  let { name } = info;
  const selects = isResource && (verb === 'list' || verb === 'watch' || verb === 'deletecollection') && info.isOldWatch !== true && query !== NO_QUERY;
  if (!selects) return { isResource, verb, path, group, version, namespace, resource, subresource, name };
  const fieldSelector = query.get('fieldSelector') ?? '';
  const labelSelector = query.get('labelSelector') ?? '';
  // A list of one name may be allowed to those who may only see that one; a deletion names nothing by what it selects.
  if (name === '' && verb !== 'deletecollection') name = selectedName(fieldSelector);
  return { isResource, verb, path, group, version, namespace, resource, subresource, name, ...(fieldSelector === '' ? {} : { fieldSelector }), ...(labelSelector === '' ? {} : { labelSelector }) };
}

/** What of a request says how much work it is. */
function requestedWork({ info: { verb, resource, subresource }, query }: Exchange, { name }: AuthorizationAttributes): RequestedWork {
  if (query === NO_QUERY || (verb !== 'list' && verb !== 'watch')) return { verb, resource, subresource, name, limit: 0, sendsInitialEvents: true };
  const version = query.get('resourceVersion') ?? '';
  const sendsInitialEvents = parseBoolean(query.get('sendInitialEvents')) === true || version === '' || version === '0';
  const limit = Number(query.get('limit') ?? 0);
  return { verb, resource, subresource, name, limit: limit > 0 ? limit : 0, sendsInitialEvents };
}

/** The HTTP door's pipeline: authentication, impersonation, flow control, authorisation, then what serves the path. */
export class ApiHandler {
  private readonly impersonation: Impersonation;

  constructor(private readonly deps: ApiHandlerDeps) {
    this.impersonation = new Impersonation(deps.authorization);
  }

  async handle(request: Request, response: Response, connection: Connection | undefined, upgrade?: Upgrade): Promise<void> {
    const exchange = this.open(request, response, connection, upgrade);
    if (!exchange) {
      response.writeHead(400);
      response.end();
      return;
    }
    if (exchange.info.isUnclear) {
      await sendPlainFailure(exchange, `failed to create RequestInfo: unable to determine kind and namespace from url, ${request.url ?? ''}`);
      return;
    }
    if (this.deps.door.greet(exchange)) return;
    const refused = this.deps.lastRequests.refuse(exchange);
    if (refused) return refused;
    const { metrics, auditor } = this.deps;
    const attributes = attributesOf(exchange);
    const longRunning = isLongRunning(exchange.info);
    let trail: AuditTrail | undefined;
    try {
      await this.authenticate(exchange, connection?.peer, attributes);
      const begun = auditor && (await auditor.begin(exchange, attributes, longRunning));
      if (begun === 'rejected') {
        await sendPlainFailure(exchange, 'failed to store audit event');
        return;
      }
      trail = begun;
      await this.impersonate(exchange, attributes);
      await (longRunning ? this.converse(exchange, attributes) : this.answer(exchange, attributes));
    } catch (error) {
      if (!isApiError(error)) this.deps.log.error({ err: error, method: request.method, path: exchange.info.path }, 'request failed');
      await sendError(exchange, error);
    } finally {
      trail?.complete();
      metrics.observe(exchange);
      if (isTapped()) tellBoundary({ carrier: 'rest', direction: 'in', what: `${request.method ?? ''} ${exchange.info.path}`, bytes: exchange.bytesWritten, message: () => ({ user: exchange.user.name, code: exchange.status }) });
    }
  }

  /** An upgrade has no response yet: one is made, for the case that the request is refused. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, connection: Connection | undefined): Promise<void> {
    const response = new ServerResponse(request);
    // What an HTTP server upgrades is a TLS socket; Node only promises a Duplex.
    if (socket instanceof Socket) response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.on('finish', () => socket.end());
    return this.handle(request, response, connection, { socket, head });
  }

  private open(request: Request, response: Response, connection: Connection | undefined, upgrade: Upgrade | undefined): Exchange | undefined {
    const url = request.url ?? '/';
    const at = url.indexOf('?');
    const query = at < 0 ? NO_QUERY : new URLSearchParams(url.slice(at + 1));
    const watch = query !== NO_QUERY && parseBoolean(query.get('watch')) === true;
    try {
      return new Exchange(request, response, requestInfo(request.method ?? 'GET', at < 0 ? url : url.slice(0, at), watch), query, upgrade, upgrade ? undefined : connection);
    } catch (error) {
      if (error instanceof URIError) return undefined;
      throw error;
    }
  }

  /** Waits until the request may run, and says in the answer who decided that. @throws tooManyRequests */
  private async enter(exchange: Exchange, attributes: AuthorizationAttributes): Promise<Ticket | undefined> {
    const entered = this.deps.flowControl?.enter(exchange.user, attributes, requestedWork(exchange, attributes));
    const ticket = entered instanceof Promise ? await entered : entered;
    if (ticket && ticket.schemaUid !== '') exchange.headers = { 'X-Kubernetes-PF-FlowSchema-UID': ticket.schemaUid, 'X-Kubernetes-PF-PriorityLevel-UID': ticket.levelUid };
    return ticket;
  }

  /** @throws unauthorized */
  private async authenticate(exchange: Exchange, peer: TlsPeer | undefined, attributes: AuthorizationAttributes): Promise<void> {
    const { headers, rawHeaders } = exchange.request;
    try {
      exchange.user = await this.deps.authentication.authenticate({ peer, authorization: headers.authorization, headers, rawHeaders, path: exchange.info.path, notes: exchange });
    } catch (error) {
      retireConnection(exchange);
      this.deps.auditor?.unauthenticated(exchange, attributes, peer !== undefined);
      throw error;
    }
    // HTTP/2 is too much of a gift to those whom nobody knows (CVE-2023-44487): one request a connection, as upstream's filter.
    if (exchange.user.groups.includes(GROUP_UNAUTHENTICATED)) retireConnection(exchange);
  }

  /** @throws badRequest, forbidden */
  private async impersonate(exchange: Exchange, attributes: AuthorizationAttributes): Promise<void> {
    const { request, user: caller } = exchange;
    if (!asksForImpersonation(request.headers)) return;
    const wanted = wantedUser(request.rawHeaders);
    if (!wanted) return;
    const { user, constraint } = await this.impersonation.impersonate(caller, wanted, attributes);
    exchange.user = user;
    exchange.caller = caller;
    exchange.impersonationConstraint = constraint;
  }

  /** Watches and connections: they last as long as they last. */
  private async converse(exchange: Exchange, attributes: AuthorizationAttributes): Promise<void> {
    const leave = exchange.info.verb === 'watch' ? await this.enterUntilInitialized(exchange, attributes) : undefined;
    try {
      await this.authorize(exchange, attributes);
      const serving = this.serve(exchange);
      const over = this.deps.metrics.longRunning(exchange);
      await serving.finally(over);
    } finally {
      leave?.();
    }
  }

  /** A watch takes part in flow control until it has sent what it begins with. @throws tooManyRequests */
  private async enterUntilInitialized(exchange: Exchange, attributes: AuthorizationAttributes): Promise<() => void> {
    let ticket = await this.enter(exchange, attributes);
    const leave = (): void => {
      ticket?.leave();
      ticket = undefined;
    };
    exchange.onInitialized = leave;
    return leave;
  }

  /** @throws timeout when it takes too long */
  private answer(exchange: Exchange, attributes: AuthorizationAttributes): Promise<void> {
    const { clock, log, requestTimeoutMs: maximumMs, metrics } = this.deps;
    const ms = exchange.query === NO_QUERY ? maximumMs : requestTimeoutMs(exchange.query, maximumMs);
    if (ms <= 0) return this.takeTurn(exchange, attributes);
    exchange.deadline = new Deadline(clock, ms);
    const work = this.takeTurn(exchange, attributes);
    return within(work, ms, clock, {
      expired: (reason) => exchange.abandon(reason),
      ended: (error) => {
        metrics.endedLate(error);
        log.warn({ err: error, path: exchange.info.path, verb: exchange.info.verb }, 'request ended after its time');
      },
    });
  }

  private async takeTurn(exchange: Exchange, attributes: AuthorizationAttributes): Promise<void> {
    const { inFlight } = this.deps;
    const mutating = !READING.has(exchange.info.verb);
    inFlight.enter(mutating, exchange.user);
    let ticket: Ticket | undefined;
    try {
      ticket = await this.enter(exchange, attributes);
      // Who has gone while they waited for their turn is not served.
      if (mutating) exchange.abandonment.throwIfAborted();
      await this.authorize(exchange, attributes);
      await this.serve(exchange);
    } finally {
      ticket?.leave();
      inFlight.leave(mutating);
    }
  }

  /** @throws forbidden, internalError */
  private async authorize(exchange: Exchange, attributes: AuthorizationAttributes): Promise<void> {
    const { user } = exchange;
    if (!exchange.isAudited) return this.deps.authorization.require(user, attributes);
    const decision = await this.deps.authorization.authorize(user, attributes);
    const isUnclear = decision.verdict !== 'allow' && decision.error !== undefined;
    if (!isUnclear) exchange.annotate('authorization.k8s.io/decision', decision.verdict === 'allow' ? 'allow' : 'forbid');
    exchange.annotate('authorization.k8s.io/reason', isUnclear ? 'internal error' : (decision.reason ?? ''));
    if (decision.verdict !== 'allow') throw refusalFor(user, attributes, decision);
  }

  private async serve(exchange: Exchange): Promise<void> {
    const { info } = exchange;
    const elsewhere = this.deps.elsewhere(exchange);
    if (elsewhere) {
      await elsewhere;
      return;
    }
    if (info.isResource) {
      await this.deps.resources.handle(exchange);
      return;
    }
    const handler = this.deps.paths.find(info.path);
    if (!handler) await sendPathNotFound(exchange);
    else await handler(exchange);
  }
}
