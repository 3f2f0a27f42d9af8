import { createHash } from 'node:crypto';

/** Longer tokens become a hash: NATS refuses a protocol line over 4 KiB. */
const MAX_TOKEN_BYTES = 200;
/** Runs of what a token may not hold, nor its escapes be mistaken for: whole, so that no character of two halves is torn apart. */
const unsafe = /[^\w-]+/g;

/**
 * Turns any string into one NATS token: the only way a name gets into a subject. Names hold dots, colons, spaces
 * and even line ends, and a raw one could forge another object's subject. Nothing decodes it: the key is in the body.
 */
export function encodeToken(text: string): string {
  if (text === '') return '_';
  const token = text.replaceAll(unsafe, escaped);
  if (token.length <= MAX_TOKEN_BYTES) return token;
  return `=h${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

function escaped(run: string): string {
  let escapes = '';
  for (const byte of Buffer.from(run, 'utf8')) escapes += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return escapes;
}

/** The resource part of a subject's tokens. */
export interface ResourceTokens {
  /** API group; empty for core. */
  readonly group: string;
  readonly resource: string;
}

/** What a consumer follows: a whole resource, or for pods those of one node. */
export interface ClassTokens extends ResourceTokens {
  readonly node?: string | undefined;
}

/** All tokens of one change. */
export interface ChangeTokens extends ClassTokens {
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  readonly name: string;
}

function prefix(kind: 'change' | 'bookmark', { group, resource }: ResourceTokens): string {
  return `${kind}.${encodeToken(group === '' ? 'core' : group)}.${encodeToken(resource)}`;
}

/** Subject of one change. */
export function changeSubject(tokens: ChangeTokens): string {
  return `${prefix('change', tokens)}.${encodeToken(tokens.node ?? '')}.${encodeToken(tokens.namespace)}.${encodeToken(tokens.name)}`;
}

/** What to subscribe to for all changes of a class. */
export function changeFilter(tokens: ClassTokens): string {
  const ofResource = prefix('change', tokens);
  return tokens.node === undefined ? `${ofResource}.>` : `${ofResource}.${encodeToken(tokens.node)}.>`;
}

/** Subject of a class's bookmarks. */
export function bookmarkSubject(tokens: ClassTokens): string {
  return `${prefix('bookmark', tokens)}.${encodeToken(tokens.node ?? '')}`;
}

/** Subject of a node's signs of life. */
export function heartbeatSubject(node: string): string {
  return `heartbeat.${encodeToken(node)}`;
}

/** Subject of a node's resource usage samples. */
export function usageSubject(node: string): string {
  return `usage.${encodeToken(node)}`;
}
