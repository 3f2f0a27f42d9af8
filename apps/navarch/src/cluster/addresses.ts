/** Addresses of a cluster: fixed by its subnet, the same after every `up`. */
export const serviceCidr = '10.96.0.0/12';
/** Pod ranges a cluster may have; each of a host has its own. */
export const podCidrs: readonly string[] = Array.from({ length: 12 }, (_, index) => `10.${244 + index}.0.0/16`);
export const clusterDns = '10.96.0.10';
export const clusterDomain = 'cluster.local';

export const nodeName = (index: number): string => `node-${index + 1}`;
export const nodeNames = (count: number): string[] => Array.from({ length: count }, (_, index) => nodeName(index));

/** The host's address on the nodes' network, where nodes reach the control plane. */
export const bridgeAddress = (subnet: number): string => `172.30.${subnet}.1`;
export const nodeAddress = (subnet: number, index: number): string => `172.30.${subnet}.${index + 11}`;
/** Third octets that a cluster's nodes may have. */
export const subnets: readonly number[] = Array.from({ length: 254 }, (_, index) => index + 1);
export const nodeNetwork = (subnet: number): string => `172.30.${subnet}.0/24`;

/** Addresses of load balancers: the upper half of the nodes' network, which the host routes to a node. */
export const loadBalancerRange = (subnet: number): string => `172.30.${subnet}.128/25`;

/** At most 15 bytes, the kernel's limit for an interface name; the subnet makes it unique on the host. */
export const bridgeName = (subnet: number): string => `navarch${subnet}`;
export const vethName = (subnet: number, index: number): string => `nv${subnet}n${index + 1}`;

/** Nodes have .11 to .127. */
export const maxRealNodes = 117;
