import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';

export function defaultNode(node: Loose<corev1.Node>): void {
  node.spec ??= {};
  const status = (node.status ??= {});
  if (status.capacity) status.allocatable ??= { ...status.capacity };
}
