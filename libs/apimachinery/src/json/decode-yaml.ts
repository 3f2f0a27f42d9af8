import { parseAllDocuments, type ScalarTag, type Tags } from 'yaml';
import { isUtf8 } from 'node:buffer';
import { requestEntityTooLarge } from '../errors';
import { DecodeError } from './decode-error';
import { decodeJson, type DecodeLimits } from './decode-json';
import { type ExactJson } from './exact-json-parser';
import { setMember, type JsonObject, type JsonValue } from './json-value';

const defaultMaxBytes = 3 * 1024 * 1024;
const defaultMaxDepth = 300;

/** Aliases make a small body large: more than this many uses of an anchor is an attack. */
const maxAliasCount = 100;

/** Values that YAML 1.1 knows and JSON does not; upstream reads them as plain strings. */
const foreignTags = new Set(['tag:yaml.org,2002:binary', 'tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:set', 'tag:yaml.org,2002:omap', 'tag:yaml.org,2002:pairs']);

/**
 * Reads the first document of a YAML body as the JSON it stands for. A body that starts with a brace is JSON, as kubectl sends it.
 * @throws DecodeError, or ApiError RequestEntityTooLarge
 */
export function decodeYaml(body: Uint8Array, limits: DecodeLimits = {}): ExactJson {
  const { maxBytes = defaultMaxBytes, maxDepth = defaultMaxDepth } = limits;
  if (body.length > maxBytes) throw requestEntityTooLarge(`limit is ${maxBytes}`);
  if (!isUtf8(body)) throw new DecodeError('yaml: invalid leading UTF-8 octet');
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  if (text.trimStart().startsWith('{')) return decodeJson(body, limits);
  const documents = parseAllDocuments(text, {
    version: '1.1', intAsBigInt: true, uniqueKeys: false, prettyErrors: true, logLevel: 'silent', merge: true,
    customTags: (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || !foreignTags.has((tag as ScalarTag).tag)),
  });
  const document = 'empty' in documents ? undefined : documents[0];
  if (!document) return { value: null, duplicates: [] };
  const [error] = document.errors;
  if (error) throw new DecodeError(`yaml: ${error.message.split('\n')[0] ?? ''}`);
  let value: unknown;
  try {
    value = document.toJS({ mapAsMap: true, maxAliasCount });
  } catch (cause) {
    throw new DecodeError(`yaml: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return { value: toJson(value, maxDepth), duplicates: duplicateKeys(text) };
}

/** Maps become objects with text keys; numbers become exact. */
function toJson(value: unknown, depthLeft: number): JsonValue {
  if (depthLeft <= 0) throw new DecodeError('exceeded max depth');
  if (value instanceof Map) {
    const object: JsonObject = {};
    for (const [key, item] of value as Map<unknown, unknown>) setMember(object, keyText(key), toJson(item, depthLeft - 1));
    return object;
  }
  if (Array.isArray(value)) return value.map((item) => toJson(item, depthLeft - 1));
  if (typeof value === 'bigint') return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  if (typeof value === 'number' && !Number.isFinite(value)) throw new DecodeError('error converting YAML to JSON: json: unsupported value');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'bigint' || typeof key === 'number' || typeof key === 'boolean') return String(key);
  throw new DecodeError('error converting YAML to JSON: unsupported map key');
}

/** Keys that stand twice, in the words of upstream's YAML reader. */
function duplicateKeys(text: string): string[] {
  const documents = parseAllDocuments(text, { version: '1.1', uniqueKeys: true, prettyErrors: true, logLevel: 'silent' });
  const errors = 'empty' in documents ? [] : (documents[0]?.errors ?? []);
  return errors.filter((error) => error.code === 'DUPLICATE_KEY').map((error) => {
    const line = error.linePos?.[0].line ?? 0;
    const key = /^\s*(?:- )*["']?([^"':]*)/.exec(text.split('\n')[line - 1] ?? '')?.[1] ?? '';
    return `line ${line}: key "${key}" already set in map`;
  });
}
