import { isUtf8 } from 'node:buffer';
import { requestEntityTooLarge } from '../errors';
import { DecodeError } from './decode-error';
import { parseExactJson, type ExactJson } from './exact-json-parser';
import { type JsonValue } from './json-value';
import { countMembers, scanJson } from './scan-json';

/** Guards against bodies made to exhaust the server. */
export interface DecodeLimits {
  /** Bytes of the body; upstream's limit for requests is 3 MiB. */
  readonly maxBytes?: number;
  /** Nested objects and lists; recursive walks over the result must not overflow the stack. */
  readonly maxDepth?: number;
}

const defaultMaxBytes = 3 * 1024 * 1024;
const defaultMaxDepth = 300;

/**
 * The one decoder of JSON bodies: duplicate keys are reported by path, whole numbers are exact, `__proto__` is data.
 * @throws DecodeError, or ApiError RequestEntityTooLarge
 */
export function decodeJson(body: Uint8Array, { maxBytes = defaultMaxBytes, maxDepth = defaultMaxDepth }: DecodeLimits = {}): ExactJson {
  if (body.length > maxBytes) throw requestEntityTooLarge(`limit is ${maxBytes}`);
  if (!isUtf8(body)) throw new DecodeError('invalid UTF-8 in body');
  const scan = scanJson(body);
  if (scan.depth > maxDepth) throw new DecodeError('exceeded max depth');
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  if (scan.hasLongNumber) return parseExactJson(text);
  const value = parseNative(text);
  if (value === undefined || countMembers(value) !== scan.members) return parseExactJson(text);
  return { value, duplicates: [] };
}

/** Undefined when the text is no JSON: the slow parser then says why, in Go's words. */
function parseNative(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
