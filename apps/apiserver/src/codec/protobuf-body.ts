import { goShapeTable, type KubeObject, protobufTable, schemaTable } from '@navarch/api';
import { formatGroupVersion, type JsonObject, parseJsonBytes, ProtobufCodec, type ProtobufEnvelope } from '@navarch/apimachinery';
import { schemaCatalog } from './catalog';
import type { ExpectedKind } from './decode-body';

let codec: ProtobufCodec | undefined;

/** The codec of all built-in kinds. */
function protobufCodec(): ProtobufCodec {
  return (codec ??= new ProtobufCodec({ schema: schemaTable(), protobuf: protobufTable(), goShape: goShapeTable() }, schemaCatalog()));
}

/** What a protobuf body says it is. @throws DecodeError */
export function openProtobufBody(body: Buffer): ProtobufEnvelope {
  return protobufCodec().open(body);
}

/** Reads what the envelope of a built-in kind holds. @throws DecodeError */
export function decodeProtobufEnvelope(envelope: ProtobufEnvelope): KubeObject {
  const object = protobufCodec().decodeEnvelope(envelope) as unknown as KubeObject;
  // An object without metadata is refused by validation, not by a crash.
  (object as Partial<KubeObject>).metadata ??= {};
  return object;
}

/** Reads the protobuf body of a built-in kind. @throws DecodeError */
export function decodeProtobufBody(body: Buffer): KubeObject {
  return decodeProtobufEnvelope(openProtobufBody(body));
}

/** Writes JSON as the protobuf envelope of its kind; undefined when the kind has none. */
export function encodeProtobuf(kind: ExpectedKind, json: Buffer): Buffer | undefined {
  const apiVersion = formatGroupVersion(kind);
  if (!protobufCodec().supports(apiVersion, kind.kind)) return undefined;
  return protobufCodec().encode({ ...(parseJsonBytes(json) as JsonObject), apiVersion, kind: kind.kind });
}

/** Whether a kind has a protobuf form. */
export function supportsProtobuf(kind: ExpectedKind): boolean {
  return protobufCodec().supports(formatGroupVersion(kind), kind.kind);
}
