import { decodeJson, DecodeError, decodeUntypedObject } from '@navarch/apimachinery';
import { decodeProtobufBody } from '../codec/protobuf-body';

interface Recorded { metadata?: { managedFields?: unknown }; items?: readonly Recorded[] | null; rows?: readonly { readonly object?: Recorded }[] | null }

const PROTOBUF_MAGIC = Buffer.from('k8s\0');

/** An answer is as large as it is, and its objects stand deeper in a list. */
const LIMITS = { maxBytes: Infinity, maxDepth: 1000 };

function opened(bytes: Buffer): unknown {
  if (bytes.subarray(0, PROTOBUF_MAGIC.length).equals(PROTOBUF_MAGIC)) return decodeProtobufBody(bytes);
  const isJson = bytes[0] === 0x7b || bytes[0] === 0x5b;
  return isJson ? decodeJson(bytes, LIMITS).value : decodeUntypedObject(bytes, 'yaml').object;
}

/** What a body held that was sent or answered, in whatever format; what cannot be read is noted by its length. */
export function recordedBody(bytes: Buffer | undefined, omitManagedFields: boolean): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    const object = opened(bytes) as Recorded;
    if (omitManagedFields) for (const one of [object, ...(object.items ?? []), ...(object.rows ?? []).map((row) => row.object)]) delete one?.metadata?.managedFields;
    return object;
  } catch (error) {
    if (!(error instanceof Error && error.name === DecodeError.name)) throw error;
    return { apiVersion: 'audit.k8s.io/v1', kind: 'Unreadable', bytes: bytes.length };
  }
}
