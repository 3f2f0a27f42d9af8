import {
  badRequest, conformToType, decodeJson, DecodeError, decodeRawBase64Url, type FieldType, isJsonObject, jsonKind, type JsonObject, type JsonValue, plainText, type ScalarKind, type StructType,
} from '@navarch/apimachinery';
import type { ResourceVersion } from '@navarch/storage';
import { isAscii } from 'node:buffer';
import { posix } from 'node:path';

/** Where a paged list goes on. */
export interface ContinueToken {
  /** Version the pages are true at; -1 for "now", after the old one was compacted. */
  readonly version: ResourceVersion;
  /** First key of the next page, relative to what is listed. */
  readonly start: string;
}

const API_VERSION = 'meta.k8s.io/v1';

/** The version of a token that goes on in what there is now; upstream takes all below zero for it. */
const NOW = -1;

const field = (name: string, scalar: ScalarKind): [string, FieldType] => [name, {
  name, type: { kind: 'scalar', scalar, goType: scalar }, required: true, explicit: true, always: true, zero: undefined, patchStrategy: [], patchMergeKey: undefined, keyDefault: undefined,
}];

/** As Go has it, whose names are in what is said of a token of another form. */
const tokenType: StructType = {
  kind: 'struct', id: 'continueToken', goName: 'continueToken', goType: 'storage.continueToken', atomic: false, open: false,
  fields: new Map([field('v', 'string'), field('rv', 'int64'), field('start', 'string')]),
};

/** The opaque form, the same as upstream's: base64url of JSON. */
export function encodeContinue({ version, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: API_VERSION, rv: version, start })).toString('base64url');
}

/** What a list is told that goes on, and names a version besides. */
export const withVersion = (): Error => badRequest('specifying resource version is not allowed when using continue');

const refused = (why: string): Error => badRequest(`invalid continue token: continue key is not valid${why}`);

/** @throws badRequest for what is not a token of ours, in the words of upstream's `pkg/storage/continue.go` */
export function decodeContinue(text: string): ContinueToken {
  const { v = '', rv = 0, start = '' } = membersOf(text);
  if (v !== API_VERSION) throw refused(`: server does not recognize this encoded version ${plainText(v)}`);
  if (typeof rv !== 'number' || rv === 0) throw refused(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw refused(': encoded start key empty (version meta.k8s.io/v1)');
  // A start outside of what is listed would read other objects' keys: only one that nothing can be taken from is one of ours.
  const key = start.startsWith('/') ? start : `/${start}`;
  if (posix.normalize(key) !== key || (key !== '/' && key.endsWith('/'))) throw refused(`: ${start}`);
  return { version: Math.max(rv, NOW), start: key.slice(1) };
}

function membersOf(text: string): JsonObject {
  try {
    const value = readByBytes(decodeRawBase64Url(text));
    if (value === null) return {};
    if (!isJsonObject(value)) throw new DecodeError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${tokenType.goType}`);
    conformToType(value, tokenType);
    return value;
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw refused(`: ${error.message}`);
    throw error;
  }
}

/** Go looks for JSON byte by byte, and its errors show a byte as if it were a character; in what it reads, text that is none is replaced. */
function readByBytes(bytes: Buffer): JsonValue {
  const { value } = decodeJson(Buffer.from(bytes.toString('latin1')));
  return isAscii(bytes) ? value : decodeJson(Buffer.from(bytes.toString())).value;
}
