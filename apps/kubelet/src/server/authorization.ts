import { type authorizationv1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Caller } from './authentication';

export interface AuthorizationDeps {
  readonly nodeName: string;
  readonly clock: Clock;
  readonly review: (review: authorizationv1.SubjectAccessReview) => Promise<authorizationv1.SubjectAccessReview>;
}

/** How long answers hold. */
export interface AuthorizationOptions {
  /** Upstream's --authorization-webhook-cache-authorized-ttl. */
  readonly allowedMs: number;
  /** Upstream's --authorization-webhook-cache-unauthorized-ttl. */
  readonly deniedMs: number;
}

const maxCached = 4096;

/** Asks the apiserver whether somebody may do something to this node. */
export class Authorization {
  readonly #cache = new Map<string, { readonly allowed: boolean; readonly untilMs: number }>();

  constructor(private readonly options: AuthorizationOptions, private readonly deps: AuthorizationDeps) {}

  /** True when one of the subresources that stand for a path is allowed. Rejects when the apiserver cannot be asked. */
  async allows(caller: Caller, method: string, path: string): Promise<boolean> {
    for (const subresource of subresourcesOf(path)) if (await this.#allows(caller, verbOf(method), subresource)) return true;
    return false;
  }

  async #allows(caller: Caller, verb: string, subresource: string): Promise<boolean> {
    const { nodeName, clock, review } = this.deps;
    const key = JSON.stringify([caller, verb, subresource]);
    const known = this.#cache.get(key);
    if (known && known.untilMs > clock.now()) return known.allowed;
    const { status } = await review({
      apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {},
      spec: {
        user: caller.name, uid: caller.uid, groups: [...caller.groups], extra: Object.fromEntries(Object.entries(caller.extra).map(([name, values]) => [name, [...values]])),
        resourceAttributes: { verb, group: '', version: 'v1', resource: 'nodes', name: nodeName, subresource },
      },
    });
    const allowed = status?.allowed === true;
    if (this.#cache.size >= maxCached) this.#cache.clear();
    this.#cache.set(key, { allowed, untilMs: clock.now() + (allowed ? this.options.allowedMs : this.options.deniedMs) });
    return allowed;
  }
}

/** What of a node a path stands for, most specific first: upstream's fine-grained authorisation. */
export function subresourcesOf(path: string): readonly string[] {
  const is = (prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);
  if (is('/stats')) return ['stats'];
  if (is('/metrics')) return ['metrics'];
  if (is('/logs')) return ['log'];
  if (is('/checkpoint')) return ['checkpoint'];
  if (is('/statusz')) return ['statusz'];
  if (is('/flagz')) return ['configz'];
  if (is('/healthz')) return ['healthz', 'proxy'];
  if (is('/configz')) return ['configz', 'proxy'];
  if (is('/pods') || is('/runningpods')) return ['pods', 'proxy'];
  return ['proxy'];
}

/** What a method does to a node, in the API's words. */
export function verbOf(method: string): string {
  switch (method) {
    case 'POST': return 'create';
    case 'PUT': return 'update';
    case 'PATCH': return 'patch';
    case 'DELETE': return 'delete';
    default: return 'get';
  }
}
