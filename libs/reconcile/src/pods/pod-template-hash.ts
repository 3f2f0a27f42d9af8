import type { corev1 } from '@navarch/api';
import { safeEncode } from '@navarch/apimachinery';

export const POD_TEMPLATE_HASH = 'pod-template-hash';

/** One text for equal values, whatever the order of their keys; what is not set and what is empty are the same. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(canonical(value ?? null));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null && !(Array.isArray(item) && item.length === 0));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, canonical(item)]));
}

/** FNV-1a, 32 bits. */
function fnv32a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/**
 * Names a revision by its template: stable for equal templates, and another one for each collision counted. The
 * value differs from upstream's, which hashes Go's own print of the struct; nobody but the owner reads it.
 */
export function podTemplateHash(template: corev1.PodTemplateSpec, collisionCount?: number): string {
  const salt = Buffer.alloc(collisionCount === undefined ? 0 : 8);
  if (collisionCount !== undefined) salt.writeUInt32LE(collisionCount, 0);
  return safeEncode(String(fnv32a(Buffer.concat([Buffer.from(canonicalJson(template), 'utf8'), salt]))));
}

/** Whether two templates are the same but for the hash label that owners add. */
export function sameTemplate(a: corev1.PodTemplateSpec | undefined, b: corev1.PodTemplateSpec | undefined): boolean {
  return canonicalJson(withoutHash(a)) === canonicalJson(withoutHash(b));
}

function withoutHash(template: corev1.PodTemplateSpec | undefined): corev1.PodTemplateSpec | undefined {
  if (template?.metadata?.labels?.[POD_TEMPLATE_HASH] === undefined) return template;
  const labels = { ...template.metadata.labels };
  delete labels[POD_TEMPLATE_HASH];
  return { ...template, metadata: { ...template.metadata, labels } };
}
