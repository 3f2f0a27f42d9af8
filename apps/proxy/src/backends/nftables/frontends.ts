import { proxyv1 } from '@navarch/proto';

/**
 * One way in to a service port: an address and port, or a port of the node. Each has its elements in the kernel's two maps, so
 * that a change costs what changed.
 */
export interface Frontend {
  /** Names the maps' key: `10.96.0.1 . tcp . 443`, or `tcp . 30080` for a node port. */
  readonly key: string;
  readonly kind: 'address' | 'node-port';
  readonly endpoints: readonly proxyv1.Endpoint[];
  readonly affinitySeconds: number;
  /** The answer must come back through this node: hide the client's address. */
  readonly masquerade: boolean;
}

const protocolNames: Readonly<Record<number, string>> = { [proxyv1.Protocol.TCP]: 'tcp', [proxyv1.Protocol.UDP]: 'udp', [proxyv1.Protocol.SCTP]: 'sctp' };

/** All ways in to a service port. */
export function frontends(port: proxyv1.ServicePort): Frontend[] {
  const protocol = protocolNames[port.protocol] ?? 'tcp';
  const inside = port.internalLocal ? port.localEndpoints : port.endpoints;
  const outside = port.externalLocal ? port.localEndpoints : port.endpoints;
  const { affinitySeconds } = port;
  const [clusterIp, ...external] = port.addresses;
  const found: Frontend[] = [];
  if (clusterIp !== undefined) found.push({ key: `${clusterIp} . ${protocol} . ${port.port}`, kind: 'address', endpoints: inside, affinitySeconds, masquerade: false });
  for (const address of external) found.push({ key: `${address} . ${protocol} . ${port.port}`, kind: 'address', endpoints: outside, affinitySeconds, masquerade: !port.externalLocal });
  if (port.nodePort > 0) found.push({ key: `${protocol} . ${port.nodePort}`, kind: 'node-port', endpoints: outside, affinitySeconds, masquerade: !port.externalLocal });
  return found;
}

/**
 * Keeps endpoints in the slots they have, so that session affinity, which remembers slots, survives changes: a freed slot takes
 * the last endpoint, new ones come at the end.
 */
export function assignSlots(before: readonly proxyv1.Endpoint[], wanted: readonly proxyv1.Endpoint[]): proxyv1.Endpoint[] {
  const key = (endpoint: proxyv1.Endpoint): string => `${endpoint.address}:${endpoint.port}`;
  const missing = new Map(wanted.map((endpoint) => [key(endpoint), endpoint]));
  const slots: (proxyv1.Endpoint | undefined)[] = before.map((endpoint) => (missing.delete(key(endpoint)) ? endpoint : undefined));
  for (const endpoint of missing.values()) {
    const free = slots.indexOf(undefined);
    if (free >= 0) slots[free] = endpoint;
    else slots.push(endpoint);
  }
  for (let index = 0; index < slots.length; index++) {
    while (slots.length > index && slots[slots.length - 1] === undefined) slots.pop();
    if (index < slots.length && slots[index] === undefined) slots[index] = slots.pop();
  }
  return slots as proxyv1.Endpoint[];
}
