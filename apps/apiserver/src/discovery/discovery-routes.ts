import { noSuchPath, notAcceptable, parseGroupVersion, yamlOf } from '@navarch/apimachinery';
import { createHash } from 'node:crypto';
import { encodeProtobuf } from '../codec/protobuf-body';
import { CONTENT_TYPE, type Format } from '../http/accept';
import type { Exchange } from '../http/exchange';
import { getOnly, type PathRoutes } from '../http/path-routes';
import { wantsPretty } from '../http/pretty';
import { baseHeaders, send, sendPathNotFound, writeHead } from '../http/respond';
import { verbNotAllowed } from '../http/verb-not-allowed';
import type { ServedCatalog } from '../registry/served-catalog';
import { Discovery } from './discovery';
import { type DiscoveryForm, discoveryForm } from './discovery-form';

/** What a document says it is. */
interface Named {
  readonly kind?: string;
  readonly apiVersion?: string;
}

/** A document that does not change until something else is served. The tag is that of its JSON, in whatever format it goes. */
interface Document {
  readonly value: Named;
  readonly etag: string;
  /** As far as somebody has asked for them. */
  readonly bodies: Map<Format, Buffer>;
}

function document(value: Named): Document {
  const json = Buffer.from(`${JSON.stringify(value)}\n`);
  return { value, etag: `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`, bodies: new Map([['json', json]]) };
}

function encoded({ kind = '', apiVersion = 'v1', ...rest }: Named, format: Format): Buffer {
  if (format === 'yaml') return Buffer.from(yamlOf({ kind, apiVersion, ...rest }));
  const { group = '', version = '' } = parseGroupVersion(apiVersion) ?? {};
  const body = encodeProtobuf({ group, version, kind }, Buffer.from(JSON.stringify(rest)));
  if (!body) throw notAcceptable([CONTENT_TYPE.json, CONTENT_TYPE.yaml]);
  return body;
}

function inFormat({ value, bodies }: Document, format: Format): Buffer {
  const body = bodies.get(format) ?? encoded(value, format);
  bodies.set(format, body);
  return body;
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
    routes.at('/api', getOnly((exchange) => this.root(exchange, true, () => ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: cidrs() }))));
    routes.at('/apis', (exchange) => this.root(exchange, false, () => this.discovery.groupList()));
    routes.under('/api/', (exchange) => this.below(exchange, '', exchange.info.path.split('/')[2] ?? ''));
    routes.under('/apis/', (exchange) => {
      const [, , group = '', version = ''] = exchange.info.path.split('/');
      return this.below(exchange, group, version);
    });
  }

  private async root(exchange: Exchange, core: boolean, legacy: () => Named): Promise<void> {
    const form = discoveryForm(exchange.request.headers.accept, true);
    if (!form.isAggregated) {
      await this.answer(exchange, form, this.document(`legacy:${core}`, legacy));
      return;
    }
    const all = this.document(`all:${core}`, (discovery) => discovery.aggregated(core));
    exchange.response.setHeader('ETag', all.etag);
    exchange.response.setHeader('Vary', 'Accept');
    if (exchange.request.headers['if-none-match'] === all.etag) {
      writeHead(exchange, 304, baseHeaders(exchange, form.contentType));
      exchange.response.end();
    } else await this.answer(exchange, form, all);
  }

  /** Groups and custom versions are answered to every method, by handlers of upstream's; built-in versions to GET, by its router, which knows all below their groups. @throws ApiError 404, 405 */
  private async below(exchange: Exchange, group: string, version: string): Promise<void> {
    const value = version === '' ? this.discovery.group(group) : this.discovery.resourceList(group, version);
    if (!value && this.catalog.isBuiltIn(group)) throw noSuchPath();
    if (!value) await sendPathNotFound(exchange);
    else if (version !== '' && this.catalog.isBuiltIn(group) && exchange.request.method !== 'GET') throw verbNotAllowed();
    else await this.answer(exchange, discoveryForm(exchange.request.headers.accept, false), this.document(`${group}/${version}`, () => value));
  }

  private answer(exchange: Exchange, { format, contentType }: DiscoveryForm, document: Document): Promise<void> {
    if (format === 'json' && wantsPretty(exchange)) return send(exchange, 200, contentType, `${JSON.stringify(document.value, undefined, 2)}\n`);
    return send(exchange, 200, contentType, inFormat(document, format));
  }

  private document(key: string, make: (discovery: Discovery) => Named): Document {
    const { discovery } = this;
    let known = this.documents.get(key);
    if (!known) {
      known = document(make(discovery));
      this.documents.set(key, known);
    }
    return known;
  }
}
