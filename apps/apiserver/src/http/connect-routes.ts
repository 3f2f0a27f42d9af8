import type { SubresourceFacts } from '@navarch/api';
import { forbidden, serviceUnavailable } from '@navarch/apimachinery';
import type { AdmissionChain, AuthorizationAttributes, Authorizer, User } from '../pipeline';
import type { ConnectHandlers } from '../registry/connect';
import type { ServedResource } from '../registry/served-resource';
import { connectOptions } from './connect-options';
import type { Exchange } from './exchange';
import { namespaceOf } from './handle-read';

const CONNECTS = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

/** Conversations of pods that take the right to create also of who opens them by GET, as a WebSocket does. */
const CREATED = new Set(['exec', 'attach', 'portforward']);

/** Hands conversations with pods and nodes to their handlers. */
export class ConnectRoutes {
  constructor(
    private readonly handlers: ConnectHandlers,
    private readonly admission: AdmissionChain,
    /** Asked about the right to create; without it GET is enough. */
    private readonly creations?: Authorizer,
  ) {}

  handles(served: ServedResource, subresource: string): boolean {
    return served.facts.group === '' && CONNECTS.has(subresource);
  }

  async handle(exchange: Exchange, served: ServedResource, facts: SubresourceFacts): Promise<void> {
    const { info, user, query, upgrade } = exchange;
    const namespace = namespaceOf(exchange, served);
    const handler = this.handlers[`${info.resource}/${facts.name}`];
    if (!handler) throw serviceUnavailable(`${info.resource}/${facts.name} is not available on this server`);
    if (facts.name !== 'log') {
      const attributes = {
        operation: 'CONNECT',
        group: info.group,
        version: info.version,
        resource: info.resource,
        subresource: facts.name,
        kind: served.facts.kind,
        namespaced: served.facts.namespaced,
        objectKind: { group: facts.group, version: facts.version, kind: facts.kind },
        namespace,
        name: info.name,
        object: connectOptions(facts.kind, query, info.rest),
        oldObject: undefined,
        user,
        dryRun: false,
        options: {},
        warn: (text: string) => exchange.warn(text),
        ...(exchange.isAudited ? { annotate: (key: string, value: string, from?: 'Request') => exchange.annotate(key, value, from) } : {}),
      } as const;
      await this.admission.mutate(attributes);
      await this.admission.validate(attributes);
    }
    if (this.creations && CREATED.has(facts.name)) await requireCreate(this.creations, user, info);
    // Whoever gets the bare connection answers on it by himself.
    if (upgrade) exchange.status = 101;
    await handler({
      user, method: exchange.request.method ?? 'GET', namespace, name: info.name, subresource: facts.name, rest: info.rest, query,
      request: exchange.request, response: upgrade ? undefined : exchange.response, upgrade, signal: exchange.signal,
    });
  }
}

/** As ensureAuthorizedForVerb in upstream's pkg/registry/core/pod/rest. @throws forbidden */
async function requireCreate(authorizer: Authorizer, user: User, asked: AuthorizationAttributes): Promise<void> {
  if (asked.verb === 'create') return;
  const { verdict, reason = '' } = await authorizer.authorize(user, { ...asked, verb: 'create' });
  if (verdict !== 'allow') throw forbidden({ group: asked.group, resource: asked.resource }, asked.name, reason);
}
