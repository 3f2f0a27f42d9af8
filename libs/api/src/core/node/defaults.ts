import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

export function defaultNode(node: Loose<corev1.Node>): void {
  const spec = (node.spec ??= {});
  // A list and its first, under an older name: where they differ, the older counts.
  const first = list(spec.podCIDRs)[0];
  if (spec.podCIDR && spec.podCIDR !== first) spec.podCIDRs = [spec.podCIDR];
  else if (first) spec.podCIDR = first;
  const status = (node.status ??= {});
  if (status.capacity) status.allocatable ??= { ...status.capacity };
}
