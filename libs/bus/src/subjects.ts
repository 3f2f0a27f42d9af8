import { createHash } from 'node:crypto';

/** Longer tokens become a hash: NATS refuses a protocol line over 4 KiB. */
const MAX_TOKEN_BYTES = 200;

/**
 * Turns any string into one NATS token: the only way a name gets into a subject. Names hold dots, colons, spaces
 * and even line ends, and a raw one could forge another object's subject. Nothing decodes it: the key is in the body.
 */
export function encodeToken(text: string): string {
  if (text === '') return '_';
  let token = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    token += isPlain(byte) ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (token.length <= MAX_TOKEN_BYTES) return token;
  return `=h${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

function isPlain(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isUpper = byte >= 0x41 && byte <= 0x5a;
  const isLower = byte >= 0x61 && byte <= 0x7a;
  return isDigit || isUpper || isLower || byte === 0x5f || byte === 0x2d;
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
