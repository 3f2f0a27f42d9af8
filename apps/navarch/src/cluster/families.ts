import { bridgeAddress, loadBalancerRange, nodeAddress, serviceCidr } from './addresses';
import type { ClusterSettings } from './settings';

export const ipFamilies = ['ipv4', 'dual'] as const;
/** Which addresses nodes, pods and Services have. */
export type IpFamily = (typeof ipFamilies)[number];

type Addressed = Pick<ClusterSettings, 'ipFamily' | 'subnet' | 'podCidr'>;

const isDual = ({ ipFamily }: Pick<ClusterSettings, 'ipFamily'>): boolean => ipFamily === 'dual';

/** Pods' ranges, as components take them: that of IPv6 has a /64 for each node. */
export const podCidrs = (settings: Addressed): string => [settings.podCidr, ...(isDual(settings) ? [`fd00:${settings.podCidr.split('.').slice(0, 2).join(':')}::/56`] : [])].join();

export const serviceCidrs = (settings: Addressed): string => [serviceCidr, ...(isDual(settings) ? ['fd00:10:96::/112'] : [])].join();

/** Load balancers' ranges, as components take them: that of IPv6 lies in the nodes' network, apart from what nodes have. */
export const loadBalancerCidrs = (settings: Addressed): string => [loadBalancerRange(settings.subnet), ...(isDual(settings) ? [`fd00:172:30:${settings.subnet}::1:0/112`] : [])].join();

/** A node's addresses, the main one first. */
export const nodeAddresses = (settings: Addressed, index: number): string[] => [nodeAddress(settings.subnet, index), ...(isDual(settings) ? [nodeAddress6(settings.subnet, index)] : [])];

/** In IPv6 the decimal digits of IPv4's numbers are kept, for whoever reads them. */
export const nodeAddress6 = (subnet: number, index: number): string => `fd00:172:30:${subnet}::${index + 11}`;
export const bridgeAddress6 = (subnet: number): string => bridgeAddress(subnet).replace(/^(\d+)\.(\d+)\.(\d+)\.(\d+)$/, 'fd00:$1:$2:$3::$4');
