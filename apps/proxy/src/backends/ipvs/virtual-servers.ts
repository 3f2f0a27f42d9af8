import { hostPort } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import { frontends, type Frontend } from '../frontends';

/** Real servers by virtual server, as ipvsadm names them: `-t 10.96.0.1:443`. */
export interface VirtualServer {
  readonly affinitySeconds: number;
  readonly realServers: readonly string[];
}
export type VirtualServers = ReadonlyMap<string, VirtualServer>;

const service: Readonly<Record<Frontend['protocol'], string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' };

/**
 * All virtual servers of the given ports; node ports are served on each of the node's addresses. With policy Local, only this
 * node's endpoints serve, for pods as well: ipvs does not tell clients apart (upstream's ipvs mode says the same of itself).
 */
export function virtualServers(ports: Iterable<proxyv1.ServicePort>, nodeAddresses: readonly string[]): VirtualServers {
  const found = new Map<string, VirtualServer>();
  for (const port of ports) {
    for (const { kind, address, protocol, port: number, audiences, affinitySeconds, closed } of frontends(port)) {
      const endpoints = closed === undefined ? (audiences[0]?.endpoints ?? []) : [];
      if (endpoints.length === 0) continue;
      for (const at of kind === 'address' ? [address] : nodeAddresses) found.set(`${service[protocol]} ${hostPort(at, number)}`, { affinitySeconds, realServers: endpoints.map((endpoint) => hostPort(endpoint.address, endpoint.port)) });
    }
  }
  return found;
}

/** Input for `ipvsadm --restore`: what differs. */
export function restoreLines(before: VirtualServers, after: VirtualServers): string[] {
  const lines: string[] = [];
  const persistence = (seconds: number): string => (seconds > 0 ? ` -p ${seconds}` : '');
  for (const name of before.keys()) if (!after.has(name)) lines.push(`-D ${name}`);
  for (const [name, { affinitySeconds, realServers }] of after) {
    const known = before.get(name);
    if (known === undefined) lines.push(`-A ${name} -s rr${persistence(affinitySeconds)}`);
    else if (known.affinitySeconds !== affinitySeconds) lines.push(`-E ${name} -s rr${persistence(affinitySeconds)}`);
    for (const server of realServers) if (known?.realServers.includes(server) !== true) lines.push(`-a ${name} -r ${server} -m -w 1`);
    for (const server of known?.realServers ?? []) if (!realServers.includes(server)) lines.push(`-d ${name} -r ${server}`);
  }
  return lines;
}
