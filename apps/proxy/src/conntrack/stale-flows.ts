import { proxyv1 } from '@navarch/proto';
import { frontends, type Frontend } from '../backends/frontends';

/** A flow as the kernel tracks it. */
export interface Flow {
  readonly protocol: 'udp' | 'sctp';
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly port: number;
  /** Who answers: the endpoint, where the flow was redirected. */
  readonly answeredBy: string;
  readonly answeredFrom: number;
}

/** Flows in what `conntrack -L` prints. */
export function parseFlows(listed: string): Flow[] {
  const pattern = /^(udp|sctp)\b.*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) dport=\d+/;
  return listed.split('\n').flatMap((line) => {
    const match = pattern.exec(line);
    if (match === null) return [];
    const [, protocol, source = '', destination = '', sourcePort, port, answeredBy = '', answeredFrom] = match;
    return [{ protocol: protocol as Flow['protocol'], source, destination, sourcePort: Number(sourcePort), port: Number(port), answeredBy, answeredFrom: Number(answeredFrom) }];
  });
}

/**
 * Flows to a service port that lead to an endpoint it no longer has (one that only is no choice for new flows, by policy, zone or its coming end, keeps those it has, as of TCP), or to none although there are some now. The kernel consults
 * rules only for the first packet of a flow, and a flow without connections would go on to nobody for as long as its client sends.
 */
export function staleFlows(flows: readonly Flow[], ports: Iterable<proxyv1.ServicePort>): Flow[] {
  const byWay = new Map<string, Set<string>>();
  for (const port of ports) {
    if (port.protocol === proxyv1.Protocol.TCP) continue;
    const endpoints = [...port.endpoints, ...port.localEndpoints, ...port.keptEndpoints].map(({ address, port: number }) => `${address}:${number}`);
    for (const frontend of frontends(port)) byWay.set(wayOf(frontend), new Set(endpoints));
  }
  return flows.filter((flow) => {
    const answered = `${flow.answeredBy}:${flow.answeredFrom}`;
    const ofAddress = byWay.get(`${flow.protocol} ${flow.destination}:${flow.port}`);
    if (ofAddress !== undefined) return !ofAddress.has(answered) && (ofAddress.size > 0 || answered !== `${flow.destination}:${flow.port}`);
    // A flow to a node port's number that nobody redirected may be to another machine, or to a server of the node's own.
    const ofNode = byWay.get(`${flow.protocol} :${flow.port}`);
    return ofNode !== undefined && answered !== `${flow.destination}:${flow.port}` && !ofNode.has(answered);
  });
}

const wayOf = ({ protocol, address, port }: Frontend): string => `${protocol} ${address}:${port}`;
