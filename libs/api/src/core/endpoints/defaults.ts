import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

export function defaultEndpoints(endpoints: Loose<corev1.Endpoints>): void {
  for (const { ports } of list(endpoints.subsets)) for (const port of list(ports)) port.protocol ||= 'TCP';
}
