import { createHash } from 'node:crypto';
import { type corev1 } from '@navarch/api';

/** Of the fields whose change makes a container anew: its name and image, as upstream. */
export function containerHash(container: corev1.Container): string {
  return createHash('sha256').update(JSON.stringify([container.name, container.image ?? ''])).digest('hex').slice(0, 8);
}
