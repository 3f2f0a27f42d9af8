import type { corev1 } from '@navarch/api';

/** The ranges that a node's pods have their addresses from, one a family; none before it was given any. */
export function podRangesOf(node: corev1.Node | undefined): readonly string[] {
  const { podCIDRs, podCIDR } = node?.spec ?? {};
  return podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]);
}
