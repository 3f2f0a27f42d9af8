import { createHash } from 'node:crypto';
import { type corev1 } from '@navarch/api';

/** Specs are never changed, and asked about again and again. */
const known = new WeakMap<corev1.Container, string>();

/** Of the fields whose change makes a container anew: its name and image, as upstream. */
export function containerHash(container: corev1.Container): string {
  let hash = known.get(container);
  if (hash === undefined) {
    hash = createHash('sha256').update(JSON.stringify([container.name, container.image ?? ''])).digest('hex').slice(0, 8);
    known.set(container, hash);
  }
  return hash;
}
