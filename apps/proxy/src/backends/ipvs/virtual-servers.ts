import { hostPort } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import { frontends, type Frontend } from '../frontends';

/** Real servers by virtual server, as ipvsadm names them: `-t 10.96.0.1:443`. */
export interface VirtualServer {
  /** How one of the real servers is chosen, by the kernel's name of it. */
  readonly scheduler: string;
  readonly affinitySeconds: number;
  readonly realServers: readonly string[];
  /** Real servers that get nothing new, and are there until what they have is over. */
  readonly draining: readonly string[];
}
export type VirtualServers = ReadonlyMap<string, VirtualServer>;

const service: Readonly<Record<Frontend['protocol'], string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' };

/**
 * All virtual servers of the given ports, those too that have no real server now; node ports are served on each of the node's addresses. With policy
 * Local, only this node's endpoints serve, for pods as well: ipvs does not tell clients apart (upstream's ipvs mode says the same of itself).
 */
export function virtualServers(ports: Iterable<proxyv1.ServicePort>, nodeAddresses: readonly string[], scheduler: string): VirtualServers {
  const found = new Map<string, VirtualServer>();
  for (const port of ports) {
    for (const { kind, address, protocol, port: number, audiences, affinitySeconds, closed } of frontends(port)) {
      const endpoints = closed === undefined ? (audiences[0]?.endpoints ?? []) : [];
      const realServers = endpoints.map((endpoint) => hostPort(endpoint.address, endpoint.port));
      for (const at of kind === 'address' ? [address] : nodeAddresses) found.set(`${service[protocol]} ${hostPort(at, number)}`, { scheduler, affinitySeconds, realServers, draining: [] });
    }
  }
  return found;
}

/** Input for `ipvsadm --restore`: what differs. */
export function restoreLines(before: VirtualServers, after: VirtualServers): string[] {
  const lines: string[] = [];
  // As upstream, a Maglev hash counts the client's port too.
  const traits = ({ scheduler, affinitySeconds }: VirtualServer): string => `-s ${scheduler}${scheduler === 'mh' ? ' -b mh-port' : ''}${affinitySeconds > 0 ? ` -p ${affinitySeconds}` : ''}`;
  for (const name of before.keys()) if (!after.has(name)) lines.push(`-D ${name}`);
  for (const [name, server] of after) {
    const known = before.get(name);
    if (known === undefined) lines.push(`-A ${name} ${traits(server)}`);
    else if (traits(known) !== traits(server)) lines.push(`-E ${name} ${traits(server)}`);
    const had = known === undefined ? new Map<string, number>() : weights(known);
    const has = weights(server);
    for (const [real, weight] of has) if (had.get(real) !== weight) lines.push(`${had.has(real) ? '-e' : '-a'} ${name} -r ${real} -m -w ${weight}`);
    for (const real of had.keys()) if (!has.has(real)) lines.push(`-d ${name} -r ${real}`);
  }
  return lines;
}

/** Whom the scheduler may choose, and whom not. */
const weights = ({ realServers, draining }: VirtualServer): Map<string, number> => new Map([...draining.map((server) => [server, 0] as const), ...realServers.map((server) => [server, 1] as const)]);
