import { badRequest, decodeJson, DecodeError, isJsonObject, type JsonObject, plainText } from '@navarch/apimachinery';
import type { ResourceVersion } from '@navarch/storage';
import { posix } from 'node:path';

/** Where a paged list goes on. */
export interface ContinueToken {
  /** Version the pages are true at; -1 for "now", after the old one was compacted. */
  readonly version: ResourceVersion;
  /** First key of the next page, relative to what is listed. */
  readonly start: string;
}

const API_VERSION = 'meta.k8s.io/v1';

/** The opaque form, the same as upstream's: base64url of JSON. */
export function encodeContinue({ version, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: API_VERSION, rv: version, start })).toString('base64url');
}

/** What a list is told that goes on, and names a version besides. */
export const withVersion = (): Error => badRequest('specifying resource version is not allowed when using continue');

const refused = (why: string): Error => badRequest(`invalid continue token: continue key is not valid${why}`);

/** @throws badRequest for what is not a token of ours, in the words of upstream's `pkg/storage/continue.go` */
export function decodeContinue(text: string): ContinueToken {
  const { v = '', rv, start } = membersOf(text);
  if (v !== API_VERSION) throw refused(`: server does not recognize this encoded version ${plainText(v)}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || (rv < 1 && rv !== -1)) throw refused(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw refused(': encoded start key empty (version meta.k8s.io/v1)');
  // A start outside of what is listed would read other objects' keys: only one that nothing can be taken from is one of ours.
  const key = start.startsWith('/') ? start : `/${start}`;
  if (posix.normalize(key) !== key || (key !== '/' && key.endsWith('/'))) throw refused(`: ${start}`);
  return { version: rv, start: key.slice(1) };
}

function membersOf(text: string): JsonObject {
  try {
    const { value } = decodeJson(Buffer.from(text, 'base64url'));
    return isJsonObject(value) ? value : {};
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw refused(`: ${error.message}`);
    throw error;
  }
}
