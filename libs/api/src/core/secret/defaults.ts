import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';

export function defaultSecret(secret: Loose<corev1.Secret>): void {
  secret.type ||= 'Opaque';
}
