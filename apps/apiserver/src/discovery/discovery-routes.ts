import { createHash } from 'node:crypto';
import type { Exchange } from '../http/exchange';
import type { PathRoutes } from '../http/path-routes';
import { baseHeaders, send, sendPathNotFound, writeHead } from '../http/respond';
import type { ServedCatalog } from '../registry/served-catalog';
import { Discovery } from './discovery';

/** A document that does not change until something else is served. */
interface Document {
  readonly body: Buffer;
  readonly etag: string;
}

function document(value: unknown): Document {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  return { body, etag: `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"` };
}

/** The version of aggregated discovery that a client asks for, if it does. */
function aggregatedVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  if (accept === undefined || !accept.includes('as=APIGroupDiscoveryList')) return undefined;
  for (const clause of accept.split(',')) {
    if (!clause.includes('as=APIGroupDiscoveryList') || !clause.trim().startsWith('application/json')) continue;
    const version = /;\s*v=(v2beta1|v2)\b/.exec(clause)?.[1];
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return undefined;
}

/** Serves `/api` and `/apis` and what is below. */
export class DiscoveryRoutes {
  private readonly documents = new Map<string, Document>();
  private edition = -1;
  private current: Discovery;

  constructor(
    private readonly catalog: ServedCatalog,
    private readonly advertised: () => string,
  ) {
    this.current = new Discovery(catalog.discoverable, catalog.remoteVersions);
  }

  /** As things are now. */
  private get discovery(): Discovery {
    if (this.edition !== this.catalog.edition) {
      this.edition = this.catalog.edition;
      this.current = new Discovery(this.catalog.discoverable, this.catalog.remoteVersions);
      this.documents.clear();
    }
    return this.current;
  }

  register(routes: PathRoutes): void {
    const cidrs = (): object[] => [{ clientCIDR: '0.0.0.0/0', serverAddress: this.advertised() }];
    routes.at('/api', (exchange) => this.root(exchange, true, () => ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: cidrs() })));
    routes.at('/apis', (exchange) => this.root(exchange, false, () => this.discovery.groupList()));
    routes.under('/api/', (exchange) => this.below(exchange, '', exchange.info.path.split('/')[2] ?? ''));
    routes.under('/apis/', (exchange) => {
      const [, , group = '', version = ''] = exchange.info.path.split('/');
      return this.below(exchange, group, version);
    });
  }

  private async root(exchange: Exchange, core: boolean, legacy: () => unknown): Promise<void> {
    const version = aggregatedVersion(exchange.request.headers.accept);
    if (version === undefined) {
      await send(exchange, 200, 'application/json', this.document(`legacy:${core}`, legacy).body);
      return;
    }
    const { body, etag } = this.document(`${version}:${core}`, () => this.discovery.aggregated(core, version));
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    exchange.response.setHeader('ETag', etag);
    exchange.response.setHeader('Vary', 'Accept');
    if (exchange.request.headers['if-none-match'] === etag) {
      writeHead(exchange, 304, baseHeaders(exchange, type));
      exchange.response.end();
    } else await send(exchange, 200, type, body);
  }

  private async below(exchange: Exchange, group: string, version: string): Promise<void> {
    const value = version === '' ? this.discovery.group(group) : this.discovery.resourceList(group, version);
    if (!value) await sendPathNotFound(exchange);
    else await send(exchange, 200, 'application/json', this.document(`${group}/${version}`, () => value).body);
  }

  private document(key: string, make: (discovery: Discovery) => unknown): Document {
    const { discovery } = this;
    let known = this.documents.get(key);
    if (!known) {
      known = document(make(discovery));
      this.documents.set(key, known);
    }
    return known;
  }
}
