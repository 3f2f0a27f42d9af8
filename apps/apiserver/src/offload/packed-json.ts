import { decodeJson, exactJsonText } from '@navarch/apimachinery';

/** JSON as it goes from thread to thread: text is copied in one piece, and is quicker to make and to read than clones are. */
export type PackedJson = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Exact: whole numbers stay what they are, whatever their size. */
export function pack(value: unknown): PackedJson {
  return encoder.encode(exactJsonText(value));
}

export function unpack<T>(packed: Uint8Array): T {
  return decodeJson(packed, { maxBytes: Infinity }).value as T;
}
