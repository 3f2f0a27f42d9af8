import type { corev1 } from '../../gen';
import { entries } from '../../support/list';
import { type Loose } from '../../support/loose';

/** Plain text is for writing only: it becomes data, and wins over what is there. */
export function defaultSecret(secret: Loose<corev1.Secret>): void {
  for (const [key, text = ''] of entries(secret.stringData)) (secret.data ??= {})[key] = Buffer.from(text, 'utf8').toString('base64');
  delete secret.stringData;
  secret.type ||= 'Opaque';
}
