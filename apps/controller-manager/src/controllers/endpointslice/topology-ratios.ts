import type { corev1 } from '@navarch/api';
import { parseQuantity, quantityToMillis } from '@navarch/apimachinery';

const ZONE = 'topology.kubernetes.io/zone';
const EXCLUDED = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** What part of the cluster's processors each zone has; undefined when that cannot be told, or there is one zone only. */
export type ZoneRatios = ReadonlyMap<string, number> | undefined;

/** All of a node that its zone's part depends on; undefined for one that does not count. */
export function topologyFacts(node: corev1.Node): string | undefined {
  return counts(node) ? `${node.metadata.labels?.[ZONE] ?? ''}/${cpuOf(node)}` : undefined;
}

const cpuOf = ({ status }: corev1.Node): string => status?.allocatable?.['cpu'] ?? '0';

/** As upstream's SetNodes: one node without a zone or without processors, and no part can be told. */
export function zoneRatios(nodes: readonly corev1.Node[]): ZoneRatios {
  const cpuByZone = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    if (!counts(node)) continue;
    const zone = node.metadata.labels?.[ZONE] ?? '';
    const cpu = quantityToMillis(parseQuantity(cpuOf(node)));
    if (zone === '' || cpu === 0) return undefined;
    cpuByZone.set(zone, (cpuByZone.get(zone) ?? 0) + cpu);
    total += cpu;
  }
  return cpuByZone.size < 2 ? undefined : new Map([...cpuByZone].map(([zone, cpu]) => [zone, cpu / total]));
}

function counts({ metadata: { labels = {} }, status }: corev1.Node): boolean {
  return !EXCLUDED.some((label) => label in labels) && status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}
