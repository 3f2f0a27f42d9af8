/** Stored JSON is in the clear. Sealed values name their transformer here (rules 1.1). */
const plain = '-';
const marker = Buffer.from('n1 ');
const newline = 0x0a;
/** What a transformer may be called: it stands in the header, which ends at a newline and is split at spaces. */
export const maxTransformerBytes = 256;
/** Longer than any header; bounds the search in a value that has none. */
const maxHeaderBytes = maxTransformerBytes + 64;

/** What a stored value says about itself (rules 1.1). */
export interface DecodedValue {
  /** Index of the put in its revision's flattened group. */
  readonly position: number;
  readonly schemaGeneration: number;
  /** Sealed when there is a name below. */
  readonly json: Buffer;
  readonly sealedBy?: string;
}

/** `n1 <position> <schemaGeneration> <transformer>\n`, then the JSON. */
export function encodeValue(position: number, schemaGeneration: number, json: Buffer, sealedBy = plain): Buffer {
  return Buffer.concat([Buffer.from(`n1 ${position} ${schemaGeneration} ${sealedBy}\n`, 'latin1'), json]);
}

/** Reads a value; one without a header, written by something else, is plain JSON at position 0 (rules 1.2). */
export function decodeValue(value: Buffer): DecodedValue {
  if (value.compare(marker, 0, marker.length, 0, Math.min(marker.length, value.length)) !== 0) {
    return { position: 0, schemaGeneration: 0, json: value };
  }
  const end = value.subarray(0, maxHeaderBytes).indexOf(newline);
  const [, position, generation, transformer] = value.toString('latin1', 0, Math.max(end, 0)).split(' ');
  if (end < 0 || !isIndex(position) || !isIndex(generation) || transformer === undefined) {
    return { position: 0, schemaGeneration: 0, json: value };
  }
  const decoded = { position: Number(position), schemaGeneration: Number(generation), json: value.subarray(end + 1) };
  return transformer === plain ? decoded : { ...decoded, sealedBy: transformer };
}

function isIndex(text: string | undefined): text is string {
  return text !== undefined && /^(0|[1-9][0-9]{0,14})$/.test(text);
}
