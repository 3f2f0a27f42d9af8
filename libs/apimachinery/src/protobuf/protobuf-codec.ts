import { conformToType } from '../json/conform';
import { DecodeError } from '../json/decode-error';
import { isJsonObject, type JsonObject } from '../json/json-value';
import { formatGroupVersion, parseGroupVersion } from '../names/group-version';
import { type ApiTables, type SchemaCatalog } from '../schema';
import { messageNameOf } from '../schema/message-names';
import { goQuote } from '../text/go-quote';
import { decodeMessage } from './decode-message';
import { encodeMessage } from './encode-message';
import { MessageShapes } from './message-shape';
import { WireReader, wireType } from './wire-reader';
import { WireWriter } from './wire-writer';

/** What a Kubernetes protobuf body starts with: `k8s` and a zero byte. */
export const protobufMagic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

/** Clients send it as a kind of whatever group they delete from. */
const deleteOptionsId = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

const meta = 'io.k8s.apimachinery.pkg.apis.meta';

/** One type in Go, and so one message. */
const sameMessage: Readonly<Record<string, string>> = { [`${meta}.v1beta1.PartialObjectMetadata`]: `${meta}.v1.PartialObjectMetadata` };

/** Where messages are that no schema of ours tells of: of bare metadata, of groups that aggregated servers have, and of discovery. */
const packagesWithoutSchema: Readonly<Record<string, string>> = { 'meta.k8s.io': meta, 'apidiscovery.k8s.io': 'io.k8s.api.apidiscovery', 'metrics.k8s.io': 'io.k8s.metrics.pkg.apis.metrics' };

/** The envelope of a body: what it says it is, as far as it does, and its bytes. */
export interface ProtobufEnvelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

/** Turns Kubernetes protobuf bodies of the built-in kinds into JSON and back, by tables. */
export class ProtobufCodec {
  private readonly shapes: MessageShapes;

  constructor(tables: ApiTables, private readonly catalog: SchemaCatalog) {
    this.shapes = new MessageShapes(tables);
  }

  /**
   * Reads a body as the JSON that Go would write for it, apiVersion and kind included.
   * @throws DecodeError
   */
  decode(body: Uint8Array): JsonObject {
    return this.decodeEnvelope(readEnvelope(body));
  }

  /** What a body says it is, before the object is read. @throws DecodeError */
  open(body: Uint8Array): ProtobufEnvelope {
    return readEnvelope(body);
  }

  /** Reads what an envelope holds. @throws DecodeError */
  decodeEnvelope({ apiVersion, kind, raw }: ProtobufEnvelope): JsonObject {
    const message = this.messageOf(apiVersion, kind);
    if (message === undefined) throw new DecodeError(`no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}`);
    const value = decodeMessage(this.shapes, message.name, raw);
    const object: JsonObject = isJsonObject(value) ? value : {};
    // The wire says nothing of texts: quantities are still unread.
    const type = this.catalog.structOf(message.id);
    if (type) conformToType(object, type);
    return { kind, apiVersion, ...object };
  }

  /** What a body says it is, without reading the object. */
  kindOf(body: Uint8Array): { apiVersion: string; kind: string } {
    const { apiVersion, kind } = readEnvelope(body);
    return { apiVersion, kind };
  }

  /** Whether the kind has a protobuf form; custom resources have none. */
  supports(apiVersion: string, kind: string): boolean {
    return this.messageOf(apiVersion, kind) !== undefined;
  }

  /** Writes an object, by its apiVersion and kind, as a body. */
  encode(object: JsonObject): Buffer {
    const { apiVersion, kind } = object;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw new Error('encode an object without apiVersion or kind');
    const message = this.messageOf(apiVersion, kind);
    if (message === undefined) throw new Error(`encode ${apiVersion} ${kind}: no protobuf form`);
    const writer = new WireWriter();
    writer.raw(protobufMagic);
    writer.messageField(1, () => {
      writer.stringField(1, apiVersion);
      writer.stringField(2, kind);
    });
    writer.messageField(2, () => encodeMessage(this.shapes, message.name, object, writer));
    writer.stringField(3, '');
    writer.stringField(4, '');
    return writer.finish();
  }

  private messageOf(apiVersion: string, kind: string): { id: string; name: string } | undefined {
    const gv = parseGroupVersion(apiVersion);
    if (gv === undefined) return undefined;
    const elsewhere = packagesWithoutSchema[gv.group];
    const id = this.catalog.typeOfKind(gv.group, gv.version, kind)?.id ?? (kind === 'DeleteOptions' ? deleteOptionsId : elsewhere === undefined ? undefined : `${elsewhere}.${gv.version}.${kind}`);
    if (id === undefined) return undefined;
    const name = messageNameOf(sameMessage[id] ?? id);
    return this.shapes.get(name) ? { id, name } : undefined;
  }
}

/**
 * One frame of a protobuf watch: length, then a WatchEvent whose object is a whole body of its own.
 */
export function frameWatchEvent(type: string, body: Uint8Array): Buffer {
  const writer = new WireWriter();
  writer.stringField(1, type);
  writer.messageField(2, () => writer.bytesField(1, body));
  const event = writer.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

function readEnvelope(body: Uint8Array): ProtobufEnvelope {
  if (body.length === 0) throw new DecodeError('empty data');
  if (body.length < protobufMagic.length || !protobufMagic.every((byte, i) => body[i] === byte)) {
    throw new DecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  if (body.length === protobufMagic.length) throw new DecodeError('empty body');
  const reader = new WireReader(body, protobufMagic.length);
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const { field, wire } = reader.tag('Unknown');
    if ((field !== 1 && field !== 2) || wire !== wireType.bytes) {
      reader.skip(wire);
      continue;
    }
    const chunk = reader.chunk();
    if (field === 2) raw = chunk;
    else [apiVersion, kind] = readTypeMeta(chunk);
  }
  const gv = parseGroupVersion(apiVersion);
  // What is no version says nothing, as upstream reads it.
  return { apiVersion: gv ? formatGroupVersion(gv) : '', kind, raw };
}

function readTypeMeta(chunk: Uint8Array): [apiVersion: string, kind: string] {
  const reader = new WireReader(chunk);
  let apiVersion = '';
  let kind = '';
  while (!reader.done) {
    const { field, wire } = reader.tag('TypeMeta');
    if (field === 1 && wire === wireType.bytes) apiVersion = reader.string();
    else if (field === 2 && wire === wireType.bytes) kind = reader.string();
    else reader.skip(wire);
  }
  return [apiVersion, kind];
}
