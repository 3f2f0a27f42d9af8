import type { kmsv2 } from '@navarch/proto';

/** What a KMS plug-in has made of a seed, and all that it needs to give the seed back. */
export type WrappedSeed = kmsv2.EncryptResponse;

/** The text that stands before what was sealed with keys of the seed. It holds no newline. */
export function encodeWrapped({ keyId, ciphertext, annotations }: WrappedSeed): string {
  const coded = Object.entries(annotations).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  return JSON.stringify({ keyId, seed: Buffer.from(ciphertext).toString('base64'), annotations: Object.fromEntries(coded) as unknown });
}

export interface KmsEnvelope {
  /** As it was encoded: the same seed has the same text. */
  readonly wrapped: string;
  readonly sealed: Buffer;
}

/** @throws for what no KMS transformer has made */
export function splitEnvelope(envelope: Buffer): KmsEnvelope {
  const end = envelope.indexOf(0x0a);
  if (end < 0) throw new Error('the stored data has no KMS envelope');
  return { wrapped: envelope.toString('utf8', 0, end), sealed: envelope.subarray(end + 1) };
}

/** @throws for what no KMS transformer has made */
export function decodeWrapped(text: string): WrappedSeed {
  const { keyId, seed, annotations } = JSON.parse(text) as { keyId?: string; seed?: string; annotations?: Record<string, string> };
  if (keyId === undefined || seed === undefined) throw new Error('the stored data has no KMS envelope');
  const plain = Object.entries(annotations ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')] as const);
  return { keyId, ciphertext: Buffer.from(seed, 'base64'), annotations: Object.fromEntries(plain) };
}
