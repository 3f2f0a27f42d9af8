import { LineCounter, parseAllDocuments, type Document, type ScalarTag, type Tags } from 'yaml';
import { isUtf8 } from 'node:buffer';
import { requestEntityTooLarge } from '../errors';
import { DecodeError } from './decode-error';
import { decodeJson, type DecodeLimits } from './decode-json';
import { type ExactJson } from './exact-json-parser';
import { guardYaml } from './guard-yaml';
import { setMember, type JsonObject, type JsonValue } from './json-value';
import { duplicateKeys } from './yaml-duplicates';

const defaultMaxBytes = 3 * 1024 * 1024;
const defaultMaxDepth = 300;

/** Aliases make a small body large: more than this many uses of an anchor is an attack. */
const maxAliasCount = 100;

/** YAML takes a hundred times as long to read as JSON, and what people write within braces is short: what is longer and broken is not read twice. */
const maxBracedYamlBytes = 16 * 1024;

/** Values that YAML 1.1 knows and JSON does not; upstream reads them as plain strings. */
const foreignTags = new Set(['tag:yaml.org,2002:binary', 'tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:set', 'tag:yaml.org,2002:omap', 'tag:yaml.org,2002:pairs']);

/**
 * Reads the first document of a YAML body as the JSON it stands for. A body that starts with a brace is JSON, as kubectl sends it, unless it
 * is only YAML: `{a: b}`, or a comma after the last member.
 * @throws DecodeError, or ApiError RequestEntityTooLarge
 */
export function decodeYaml(body: Uint8Array, limits: DecodeLimits = {}): ExactJson {
  const { maxBytes = defaultMaxBytes, maxDepth = defaultMaxDepth } = limits;
  if (body.length > maxBytes) throw requestEntityTooLarge(`limit is ${maxBytes}`);
  if (!isUtf8(body)) throw new DecodeError('yaml: invalid leading UTF-8 octet');
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  return text.trimStart().startsWith('{') ? decodeBraced(body, text, limits) : decodeText(text, maxDepth);
}

/** @throws DecodeError */
function decodeText(text: string, maxDepth: number): ExactJson {
  guardYaml(text, maxDepth);
  const lines = new LineCounter();
  const document = firstDocument(text, lines);
  if (!document) return { value: null, duplicates: [] };
  const [error] = document.errors;
  if (error) throw new DecodeError(`yaml: ${error.message.split('\n')[0] ?? ''}`);
  let value: unknown;
  try {
    value = document.toJS({ mapAsMap: true, maxAliasCount });
  } catch (cause) {
    throw new DecodeError(`yaml: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return { value: toJson(value, maxDepth), duplicates: duplicateKeys(document.contents, lines) };
}

/** JSON is read as such, which is faster. What stands twice is named as YAML names it, unless the two disagree. */
function decodeBraced(body: Uint8Array, text: string, limits: DecodeLimits): ExactJson {
  let decoded: ExactJson;
  try {
    decoded = decodeJson(body, limits);
  } catch (error) {
    if (body.length > maxBracedYamlBytes) throw error;
    return readOtherwise(text, limits, error);
  }
  if (decoded.duplicates.length === 0) return decoded;
  const lines = new LineCounter();
  const document = firstDocument(text, lines);
  const duplicates = document?.errors.length === 0 ? duplicateKeys(document.contents, lines) : [];
  return duplicates.length === 0 ? decoded : { value: decoded.value, duplicates };
}

/** @throws what was wrong with it as JSON, where it is no YAML either */
function readOtherwise(text: string, { maxDepth = defaultMaxDepth }: DecodeLimits, asJson: unknown): ExactJson {
  try {
    return decodeText(text, maxDepth);
  } catch {
    // Most that begins with a brace is meant to be JSON: its fault says more.
    throw asJson;
  }
}

function firstDocument(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  const documents = parseAllDocuments(text, {
    version: '1.1', intAsBigInt: true, uniqueKeys: false, prettyErrors: true, logLevel: 'silent', merge: true, lineCounter,
    customTags: (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || !foreignTags.has((tag as ScalarTag).tag)),
  });
  return 'empty' in documents ? undefined : documents[0];
}

/** Maps become objects with text keys, in the order of the keys, as upstream has them; numbers become exact. */
function toJson(value: unknown, depthLeft: number): JsonValue {
  if (depthLeft <= 0) throw new DecodeError('exceeded max depth');
  if (value instanceof Map) {
    const object: JsonObject = {};
    const members = [...(value as Map<unknown, unknown>)].map(([key, item]) => [keyText(key), item] as const);
    for (const [key, item] of members.sort(byKey)) setMember(object, key, toJson(item, depthLeft - 1));
    return object;
  }
  if (Array.isArray(value)) return value.map((item) => toJson(item, depthLeft - 1));
  if (typeof value === 'bigint') return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  if (typeof value === 'number' && !Number.isFinite(value)) throw new DecodeError('error converting YAML to JSON: json: unsupported value');
  if (typeof value === 'string') return ownText(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** What the YAML reader gives are pieces of the body, each of which would keep all of it: a cache keeps names and labels for long. */
const ownText = (text: string): string => JSON.parse(JSON.stringify(text)) as string;

function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'bigint' || typeof key === 'number' || typeof key === 'boolean') return String(key);
  throw new DecodeError('error converting YAML to JSON: unsupported map key');
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
