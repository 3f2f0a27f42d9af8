import { badRequest } from '@navarch/apimachinery';
import type { ResourceVersion } from '@navarch/storage';

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

/** @throws badRequest for what is not a token of ours */
export function decodeContinue(text: string): ContinueToken {
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw badRequest(`continue key is not valid: ${error instanceof Error ? error.message : 'not JSON'}`);
  }
  if (typeof decoded !== 'object' || decoded === null) throw badRequest('continue key is not valid: not an object');
  const { v, rv, start } = decoded as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== API_VERSION) throw badRequest(`continue key is not valid: server does not recognize this encoded version ${JSON.stringify(v)}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || (rv < 1 && rv !== -1)) throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  // A start outside of what is listed would read other objects' keys.
  if (start.split('/').some((part) => part === '..') || start.startsWith('/')) throw badRequest(`continue key is not valid: ${JSON.stringify(start)}`);
  return { version: rv, start };
}
