import type { NodeInfo } from './node-info';

/** Zone after zone in turn, so that any part of the list holds nodes of all zones (upstream's nodeTree). */
export function interleaveZones(nodes: Iterable<NodeInfo>): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const zone = zones.get(node.zone);
    if (zone === undefined) zones.set(node.zone, [node]);
    else zone.push(node);
  }
  const lists = [...zones.values()];
  if (lists.length === 1) return lists[0] as NodeInfo[];
  const ordered: NodeInfo[] = [];
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let index = 0; index < longest; index++) for (const list of lists) if (index < list.length) ordered.push(list[index] as NodeInfo);
  return ordered;
}
