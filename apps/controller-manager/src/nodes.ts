import type { corev1 } from '@navarch/api';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** Pods by their node. */
export const byNode = { node: ({ spec }: corev1.Pod): readonly string[] => (spec?.nodeName === undefined || spec.nodeName === '' ? [] : [spec.nodeName]) };

export function nodeCondition(node: corev1.Node, type: string): corev1.NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}

/** `True`, `False` or `Unknown`; a node that never said anything is unknown. */
export function readiness(node: corev1.Node): string {
  return nodeCondition(node, 'Ready')?.status ?? 'Unknown';
}

/** Failure domain, as upstream's GetZoneKey. */
export function zoneOf({ metadata: { labels = {} } }: corev1.Node): string {
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  return `${region}:${zone}`;
}
