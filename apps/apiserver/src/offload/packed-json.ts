import { decodeJson, type JsonValue, serializeUntyped } from '@navarch/apimachinery';

/** JSON as it goes from thread to thread: text is copied in one piece, and is quicker to make and to read than clones are. */
export type PackedJson = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Exact: whole numbers stay what they are, whatever their size. */
export function pack(value: unknown): PackedJson {
  return encoder.encode(textOf(value));
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // The language's own writer, much the faster one, knows no large integers.
    if (error instanceof Error && error.name === 'TypeError') return serializeUntyped(value as JsonValue);
    throw error;
  }
}

export function unpack<T>(packed: Uint8Array): T {
  return decodeJson(packed, { maxBytes: Infinity }).value as T;
}
