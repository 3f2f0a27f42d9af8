import { fieldDocs, goShapeTable, openapiV2ProtobufTable, openapiV3ProtobufTable, protobufTable, schemaTable } from '@navarch/api';
import {
  buildOpenApiV2,
  buildOpenApiV3,
  defaultValues,
  encodeOpenApiV2,
  encodeOpenApiV3,
  enumValues,
  exactJsonText,
  type JsonObject,
  openApiHash,
  type OpenApiInput,
  openApiV2MediaType,
  openApiV2MediaTypes,
  openApiV3Discovery,
  openApiV3Index,
  openApiV3MediaType,
  openApiV3MediaTypes,
  openApiV3Path,
} from '@navarch/apimachinery';
import { GIT_VERSION } from '@navarch/component-base';
import { Discovery } from '../discovery/discovery';
import type { Exchange } from '../http/exchange';
import type { PathHandler, PathRoutes } from '../http/path-routes';
import { baseHeaders, send, sendPathNotFound, writeHead } from '../http/respond';
import type { ServedCatalog } from '../registry/served-catalog';
import { chosenForm, type Offer } from './document-type';
import { mergeOpenApiV2 } from './merge-v2';

const YEAR_SECONDS = 365 * 24 * 3600;

const JSON_TYPE: Offer<'json'> = { types: ['application/json'], form: 'json' };
const V2: readonly Offer<'json' | 'protobuf'>[] = [JSON_TYPE, { types: openApiV2MediaTypes, form: 'protobuf' }];
const V3: readonly Offer<'json' | 'protobuf'>[] = [JSON_TYPE, { types: openApiV3MediaTypes, form: 'protobuf' }];

interface Document {
  readonly body: Buffer;
  readonly etag: string;
}

const documentOf = (body: Buffer): Document => ({ body, etag: `"${openApiHash(body)}"` });

/** Serves `/openapi/v2` and `/openapi/v3`. Documents are made when first asked for, one at a time. */
export class OpenApiRoutes {
  private input: OpenApiInput;
  /** What makes the documents of v3, by where they are found. */
  private sources: ReadonlyMap<string, () => Buffer> = new Map();
  private edition = -1;
  private readonly v3 = new Map<string, Document>();
  private readonly v3Protobuf = new Map<string, Document>();
  private v2: JsonObject | undefined;
  private v2Json: Document | undefined;
  private v2Protobuf: Document | undefined;
  private index: Document | undefined;

  constructor(private readonly catalog: ServedCatalog) {
    const schema = schemaTable();
    const tables = { schema, protobuf: protobufTable(), goShape: goShapeTable() };
    this.input = { resources: catalog.facts, schema, version: GIT_VERSION, docs: fieldDocs(), enums: enumValues(tables), defaults: defaultValues(tables) };
  }

  /** Forgets the documents of what was served before. */
  private refresh(): void {
    const { catalog } = this;
    if (this.edition === catalog.edition) return;
    this.edition = catalog.edition;
    const { facts } = catalog;
    this.input = { ...this.input, resources: facts, customDefinitions: catalog.schemas };
    this.sources = this.documents();
    this.v2 = this.v2Json = this.v2Protobuf = this.index = undefined;
    this.v3.clear();
    this.v3Protobuf.clear();
  }

  private documents(): Map<string, () => Buffer> {
    const { catalog, input } = this;
    const sources = new Map<string, () => Buffer>();
    const write = (value: JsonObject): Buffer => Buffer.from(exactJsonText(value));
    for (const [path, make] of openApiV3Discovery(input)) sources.set(path, () => write(make()));
    for (const { group, version } of new Discovery(catalog.facts).groupVersions()) sources.set(openApiV3Path(group, version), () => write(buildOpenApiV3(input, group, version)));
    // What another server serves it describes itself.
    for (const [key, { v3 }] of catalog.remoteOpenApi) {
      const [group = '', version = ''] = key.split('/');
      if (v3) sources.set(openApiV3Path(group, version), () => v3);
    }
    return sources;
  }

  register(routes: PathRoutes): void {
    const fresh = (serve: PathHandler): PathHandler => (exchange) => {
      this.refresh();
      return serve(exchange);
    };
    routes.at('/openapi/v2', fresh((exchange) => this.serveV2(exchange)));
    routes.at('/openapi/v3', fresh(async (exchange) => this.serve(exchange, 'application/json', await this.indexDocument())));
    routes.under('/openapi/v3/', fresh((exchange) => this.serveV3(exchange, exchange.info.path.slice('/openapi/v3/'.length))));
  }

  private async serveV2(exchange: Exchange): Promise<void> {
    const form = chosenForm(exchange.request.headers.accept, V2);
    if (form === undefined) {
      this.refuse(exchange);
      return;
    }
    this.v2 ??= this.mergedV2();
    if (form === 'protobuf') {
      this.v2Protobuf ??= documentOf(encodeOpenApiV2(this.v2, openapiV2ProtobufTable()));
      await this.serve(exchange, openApiV2MediaType, this.v2Protobuf);
    } else {
      this.v2Json ??= documentOf(Buffer.from(exactJsonText(this.v2)));
      await this.serve(exchange, 'application/json', this.v2Json);
    }
  }

  private mergedV2(): JsonObject {
    let merged = buildOpenApiV2(this.input);
    for (const [groupVersion, { v2 }] of this.catalog.remoteOpenApi) if (v2) merged = mergeOpenApiV2(merged, v2, groupVersion);
    return merged;
  }

  private async serveV3(exchange: Exchange, path: string): Promise<void> {
    if (!this.sources.has(path)) {
      await sendPathNotFound(exchange);
      return;
    }
    const form = chosenForm(exchange.request.headers.accept, V3);
    if (form === undefined) {
      this.refuse(exchange);
      return;
    }
    const json = this.v3Document(path);
    const [type, document] = form === 'json' ? ['application/json', json] : [openApiV3MediaType, this.inProtobuf(path, json)];
    const [asked, hash] = [exchange.query.get('hash') ?? '', document.etag.slice(1, -1)];
    // A client that names the hash may keep the document for ever; one that names another is sent to the present one.
    if (asked !== '' && asked !== hash) {
      exchange.response.setHeader('Location', `/openapi/v3/${path}?hash=${hash}`);
      writeHead(exchange, 301, baseHeaders(exchange, 'text/html; charset=utf-8'));
      exchange.response.end();
    } else if (asked !== '') {
      exchange.response.setHeader('Expires', new Date(Date.now() + YEAR_SECONDS * 1000).toUTCString());
      await this.serve(exchange, type, document, 'public, immutable');
    } else await this.serve(exchange, type, document);
  }

  /** The index names one hash for both forms. */
  private inProtobuf(path: string, { body, etag }: Document): Document {
    let known = this.v3Protobuf.get(path);
    if (!known) {
      known = { body: encodeOpenApiV3(JSON.parse(body.toString('utf8')) as JsonObject, openapiV3ProtobufTable()), etag };
      this.v3Protobuf.set(path, known);
    }
    return known;
  }

  private refuse(exchange: Exchange): void {
    exchange.response.setHeader('Vary', 'Accept');
    writeHead(exchange, 406, baseHeaders(exchange, 'text/plain; charset=utf-8'));
    exchange.response.end();
  }

  private async serve(exchange: Exchange, type: string, { body, etag }: Document, caching?: string): Promise<void> {
    exchange.response.setHeader('ETag', etag);
    exchange.response.setHeader('Vary', 'Accept-Encoding, Accept');
    const headers = { ...baseHeaders(exchange, type), ...(caching === undefined ? {} : { 'Cache-Control': caching }) };
    if (exchange.request.headers['if-none-match'] === etag) {
      writeHead(exchange, 304, headers);
      exchange.response.end();
    } else await send(exchange, 200, type, body, headers);
  }

  private v3Document(path: string): Document {
    let known = this.v3.get(path);
    if (!known) {
      const make = this.sources.get(path);
      if (!make) throw new Error(`no OpenAPI document of ${path}`);
      known = documentOf(make());
      this.v3.set(path, known);
    }
    return known;
  }

  private async indexDocument(): Promise<Document> {
    if (this.index) return this.index;
    const { edition } = this;
    const documents = new Map<string, Uint8Array>();
    for (const path of [...this.sources.keys()].sort()) {
      documents.set(path, this.v3Document(path).body);
      // Each takes milliseconds: others come in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const index = documentOf(Buffer.from(JSON.stringify(openApiV3Index(documents))));
    // What changed meanwhile is in the next one.
    if (edition === this.edition) this.index = index;
    return index;
  }
}
