import { ApiError, indentJson, notAcceptable, parseJsonBytes, yamlOf } from '@navarch/apimachinery';
import { slices } from '@navarch/clock';
import type { ExpectedKind } from '../codec/decode-body';
import type { KindCodec } from '../codec/kind-codec';
import type { ListResult } from '../registry/list';
import type { ObjectView } from '../registry/object-view';
import type { Cached } from '../registry/resource-store';
import type { ServedResource } from '../registry/served-resource';
import { Negotiator, type Representation, type View } from './accept';
import type { Exchange } from './exchange';
import { listHead, listLength, type ListPieces, listSteps, STEP_BYTES, typeless } from './list-body';
import { metadataBytes } from './metadata-answer';
import { wantsPretty } from './pretty';
import { GZIP_FROM_BYTES, send } from './respond';
import { streamBody } from './stream-body';
import { includeObjectOf, TableWriter, viewTable } from './table-answer';

/** Turns JSON into another wire format. */
export interface WireEncoder {
  /** The protobuf envelope of a built-in kind; undefined when the kind has none. */
  protobuf(kind: ExpectedKind, json: Buffer): Buffer | undefined;
}

/** More than this many are gone through in slices that leave the thread to others (rules 6.7). */
const SLICE_FROM = 1000;

async function each(objects: readonly Cached[], make: (object: Cached) => Buffer): Promise<Buffer[]> {
  if (objects.length <= SLICE_FROM) return objects.map(make);
  const made: Buffer[] = [];
  await slices(objects, (object) => made.push(make(object)));
  return made;
}

/** Only custom objects say in a list what they are, as in upstream. */
async function itemsOf(served: ServedResource, objects: readonly Cached[]): Promise<Pick<ListPieces, 'items' | 'opening'>> {
  if (served.traits.codec.isCustom) return { items: await each(objects, (object) => served.bytes(object)), opening: '' };
  const item = typeless(served.apiVersion, served.facts.kind);
  return { items: await each(objects, (object) => item(served.bytes(object))), opening: '{' };
}

/** 406: metadata of one object are no answer where there are many, and the other way round. Types are named as in upstream's server. */
function otherShape(asked: string, is: string, { facts: { group }, traits: { codec } }: ServedResource, kind: string): ApiError {
  const type = codec.isCustom ? `unstructured.Unstructured${kind.endsWith('List') ? 'List' : ''}` : `${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${kind}`;
  return new ApiError({ code: 406, reason: 'NotAcceptable', message: `you requested ${asked}, but the requested object is ${is} (*${type})` });
}

/** Writes objects and lists in whatever representation the client wants. */
export class Answers {
  private readonly builtIn: Negotiator;
  private readonly custom: Negotiator;

  constructor(
    views: readonly View[],
    private readonly wire: WireEncoder,
    private readonly now: () => number,
  ) {
    const acceptable = { formats: ['json', 'yaml', 'protobuf'], views } as const;
    this.builtIn = new Negotiator(acceptable);
    // What has no Go type has no message either, but its metadata do.
    this.custom = new Negotiator({ ...acceptable, inProtobuf: ['metadata'] });
  }

  /** How the client takes something of a kind. @throws notAcceptable */
  representation(exchange: Exchange, codec?: Pick<KindCodec, 'isCustom'>): Representation {
    const chosen = (codec?.isCustom === true ? this.custom : this.builtIn).negotiate(exchange.request.headers.accept);
    if (!chosen) throw notAcceptable(this.builtIn.mediaTypes);
    return chosen;
  }

  tableFor(exchange: Exchange, served: ServedResource, representation: Representation): TableWriter {
    return new TableWriter(served, served.traits.printer, representation.metaVersion, includeObjectOf(exchange.query), this.now);
  }

  async object(exchange: Exchange, served: ServedResource, view: ObjectView, object: Cached, code: number): Promise<void> {
    const representation = this.representation(exchange, view.codec);
    await served.prepare([object]);
    if (representation.view === 'object' && representation.format === 'json' && !wantsPretty(exchange, representation)) return send(exchange, code, 'application/json', view.bytes(object));
    if (representation.view === 'table') return this.json(exchange, code, representation, this.tableOfOne(exchange, served, view, representation, object), 'meta.k8s.io', 'v1', 'Table');
    if (representation.metadataOf === 'list') throw otherShape('PartialObjectMetadataList', 'not a list', served, view.kind);
    if (representation.view === 'metadata') {
      return this.json(
        exchange,
        code,
        representation,
        metadataBytes(object, representation.metaVersion),
        'meta.k8s.io',
        representation.metaVersion,
        'PartialObjectMetadata',
      );
    }
    return this.json(exchange, code, representation, view.bytes(object), view.group, view.version, view.kind);
  }

  private tableOfOne(exchange: Exchange, served: ServedResource, view: ObjectView, representation: Representation, object: Cached): Buffer {
    if (!view.printer) return this.tableFor(exchange, served, representation).one(object);
    return viewTable(view.printer, view.read(object), representation.metaVersion, includeObjectOf(exchange.query), this.now());
  }

  /** Any JSON at hand, in the wanted format. */
  async json(exchange: Exchange, code: number, representation: Representation, json: Buffer, group: string, version: string, kind: string): Promise<void> {
    if (representation.format === 'yaml') {
      await send(exchange, code, 'application/yaml', yamlOf(parseJsonBytes(json)));
      return;
    }
    if (representation.format === 'json' && wantsPretty(exchange, representation)) {
      await send(exchange, code, representation.contentType, `${indentJson(json.toString())}\n`);
      return;
    }
    const encoded = representation.format === 'protobuf' ? this.wire.protobuf({ group, version, kind }, json) : json;
    if (!encoded) throw notAcceptable(this.builtIn.mediaTypes);
    await send(exchange, code, representation.contentType, encoded);
  }

  async list(exchange: Exchange, served: ServedResource, list: ListResult): Promise<void> {
    const representation = this.representation(exchange, served.traits.codec);
    await served.prepare(list.objects);
    const { group, version } = served.facts;
    const { listKind } = served.traits;
    if (representation.metadataOf === 'object') throw otherShape('PartialObjectMetadata', 'a list', served, listKind);
    let pieces: ListPieces;
    let answered: [string, string, string] = [group, version, listKind];
    if (representation.view === 'table') {
      const table = this.tableFor(exchange, served, representation);
      pieces = { head: table.listHead(list), items: await each(list.objects, (object) => table.row(object)), opening: '' };
      answered = ['meta.k8s.io', representation.metaVersion, 'Table'];
    } else if (representation.view === 'metadata') {
      const head = listHead('PartialObjectMetadataList', `meta.k8s.io/${representation.metaVersion}`, list);
      pieces = { head, items: await each(list.objects, (object) => metadataBytes(object, representation.metaVersion)), opening: '' };
      answered = ['meta.k8s.io', representation.metaVersion, 'PartialObjectMetadataList'];
    } else {
      pieces = { head: listHead(listKind, served.apiVersion, list), ...(await itemsOf(served, list.objects)) };
    }
    const length = listLength(pieces);
    if (representation.format === 'json' && length > Math.min(STEP_BYTES, GZIP_FROM_BYTES) && !wantsPretty(exchange, representation)) {
      await streamBody(exchange, representation.contentType, length, listSteps(pieces));
      return;
    }
    await this.json(exchange, 200, representation, Buffer.concat([...listSteps(pieces)]), ...answered);
  }
}
