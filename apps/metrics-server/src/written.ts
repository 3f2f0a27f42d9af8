import { goShapeTable, protobufTable, schemaTable } from '@navarch/api';
import { protobufMediaType, ProtobufCodec, SchemaCatalog, type JsonObject } from '@navarch/apimachinery';

let codec: ProtobufCodec | undefined;

/** Tables are read when somebody first asks for protobuf. */
function protobufCodec(): ProtobufCodec {
  const tables = { schema: schemaTable(), protobuf: protobufTable(), goShape: goShapeTable() };
  return (codec ??= new ProtobufCodec(tables, new SchemaCatalog(tables)));
}

/** An answer in the form that the client likes best: protobuf where it asks for it and the kind has it, JSON otherwise. */
export function written(body: object, accept: string): { readonly contentType: string; readonly bytes: Buffer } {
  const { apiVersion, kind } = body as { readonly apiVersion?: string; readonly kind?: string };
  // Tables and partial metadata are asked for by parameters (`as=Table`).
  const [first = ''] = accept.split(',').map((range) => range.trim()).filter((range) => !range.includes('as='));
  if (first.startsWith(protobufMediaType) && apiVersion !== undefined && kind !== undefined && protobufCodec().supports(apiVersion, kind)) {
    return { contentType: protobufMediaType, bytes: protobufCodec().encode(body as JsonObject) };
  }
  return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}
