import { proxyv1 } from '@navarch/proto';
import { addressOf, addressV6Of, nodeAddress, nodeAddressV6, type Place } from '@navarch/testing';
import type { ProxyMode } from '../backends';

/** The same cluster as each family sees it. */
export const worlds = {
  IPv4: {
    suffix: '',
    addressOf,
    nodeAddress,
    clusterIp: '10.96.0.7',
    dnsIp: '10.96.0.10',
    externalIp: '192.0.2.9',
    balancerIp: '192.0.2.10',
    sources: ['198.51.100.0/24', '198.51.100.0/25'],
    podGateway: '10.244.0.1',
    podRange: '10.244.0.0/24',
  },
  IPv6: {
    suffix: '/IPv6',
    addressOf: addressV6Of,
    nodeAddress: nodeAddressV6,
    clusterIp: 'fd00:10:96::7',
    dnsIp: 'fd00:10:96::a',
    externalIp: '2001:db8:9::9',
    balancerIp: '2001:db8:9::a',
    sources: ['2001:db8:198::/48', '2001:db8:198::/64'],
    podGateway: 'fd00:10:244::1',
    podRange: 'fd00:10:244::/64',
  },
};
type World = (typeof worlds)['IPv4'];
/** A Service of that world, and where it answers. */
export const portsOf = ({ suffix, addressOf: at, nodeAddress: node, clusterIp, externalIp, balancerIp }: World) => {
  const endpoint = (place: Place): proxyv1.Endpoint => ({ address: at(place), port: 8080 });
  const port = (over: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort => ({
    id: `default/web:${suffix}`, protocol: proxyv1.Protocol.TCP, addresses: [clusterIp, externalIp, balancerIp], port: 80, nodePort: 30080,
    endpoints: [endpoint('a'), endpoint('b')], localEndpoints: [endpoint('a'), endpoint('b')], internalLocal: false, externalLocal: false, affinitySeconds: 0,
    loadBalancerAddresses: [balancerIp], loadBalancerSourceRanges: [], keptEndpoints: [], ...over,
  });
  return { endpoint, port, web: { address: clusterIp, port: 80 }, nodePort: { address: node, port: 30080 }, balancer: { address: balancerIp, port: 80 } };
};
/** Which endpoints answered. */
export const places = (answers: readonly string[]): Set<string> => new Set(answers.map((answer) => answer.split(' ')[0] ?? ''));
/** Whom they saw. */
export const clients = (answers: readonly string[]): Set<string> => new Set(answers.map((answer) => answer.split(' ')[1] ?? ''));

/** What is promised by some back ends only. */
export interface Traits {
  /** Endpoints see who asked, where nothing forces a masquerade. */
  readonly keepsClients: boolean;
  /** Connections go on while the process is dead. */
  readonly outlivesProcess: boolean;
  /** Ports of a cluster IP that its Service has not, as upstream's back end of the same name does. */
  readonly refusesOtherPorts: boolean;
}

export const contract: [ProxyMode, Traits][] = [
  ['nftables', { keepsClients: true, outlivesProcess: true, refusesOtherPorts: true }],
  ['iptables', { keepsClients: true, outlivesProcess: true, refusesOtherPorts: false }],
  ['userspace', { keepsClients: false, outlivesProcess: false, refusesOtherPorts: false }],
];
