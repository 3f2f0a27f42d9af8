import { inRange } from '@navarch/apimachinery';
import type { proxyv1 } from '@navarch/proto';
import type { Audience, Frontend } from '../frontends';

/** What tells a client's place: its address. */
export interface ClientPlace {
  readonly clusterCidrs: readonly string[];
  /** Addresses of this node. */
  readonly own: ReadonlySet<string>;
}

/** Chooses endpoints in turn for one way in, and remembers clients for as long as their affinity lasts. */
export class Balancer {
  #next = 0;
  readonly #remembered = new Map<string, { readonly endpoint: string; readonly until: number }>();

  constructor(private frontend: Frontend, private readonly now: () => number) {}

  /** Keeps what is remembered: endpoints that are gone are not chosen again. */
  update(frontend: Frontend): void {
    this.frontend = frontend;
  }

  has(endpoint: proxyv1.Endpoint): boolean {
    return this.frontend.audiences.some(({ endpoints }) => endpoints.some((each) => keyOf(each) === keyOf(endpoint)));
  }

  /** The endpoint for a client; undefined when it may not come in or none is there. One that has just `failed` is forgotten, as upstream's userspace proxy did. */
  choose(client: string, place: ClientPlace, failed?: proxyv1.Endpoint): proxyv1.Endpoint | undefined {
    const { sources, affinitySeconds } = this.frontend;
    if (sources.length > 0 && !sources.some((range) => inRange(client, range))) return undefined;
    const endpoints = this.#audience(client, place)?.endpoints ?? [];
    if (affinitySeconds === 0) return endpoints[this.#next++ % endpoints.length];
    const now = this.now();
    this.#forget(now);
    const known = this.#remembered.get(client);
    const kept = known === undefined || (failed !== undefined && known.endpoint === keyOf(failed)) ? undefined : endpoints.find((endpoint) => keyOf(endpoint) === known.endpoint);
    const chosen = kept ?? endpoints[this.#next++ % endpoints.length];
    this.#remembered.delete(client);
    if (chosen !== undefined) this.#remembered.set(client, { endpoint: keyOf(chosen), until: now + affinitySeconds * 1000 });
    return chosen;
  }

  /** Whoever came last stands last, so that all that is over stands first. */
  #forget(now: number): void {
    for (const [client, { until }] of this.#remembered) {
      if (until >= now) return;
      this.#remembered.delete(client);
    }
  }

  #audience(client: string, { clusterCidrs, own }: ClientPlace): Audience | undefined {
    const { audiences } = this.frontend;
    const of = (route: Audience['route']): Audience | undefined => audiences.find((audience) => audience.route === route);
    const local = of('local');
    if (local === undefined) return audiences[0];
    return own.has(client) ? of('masquerade') : clusterCidrs.some((range) => inRange(client, range)) ? of('plain') : local;
  }
}

const keyOf = ({ address, port }: proxyv1.Endpoint): string => `${address}:${port}`;
