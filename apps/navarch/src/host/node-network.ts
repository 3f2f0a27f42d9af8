import { bridgeAddress, bridgeName, nodeAddress, vethName } from '../cluster/addresses';
import { bridgeAddress6, nodeAddress6 } from '../cluster/families';
import { run, succeeds } from './command';

/** One run of `ip` for many commands. */
function ip(lines: readonly string[], netns?: string): void {
  run('ip', [...(netns === undefined ? [] : ['-n', netns]), '-batch', '-'], { input: lines.join('\n') });
}

const exists = (...args: string[]): boolean => succeeds('ip', [...args]);

/** The bridge on the host that all nodes of a cluster hang on. */
export function createBridge(subnet: number, dual = false): void {
  const bridge = bridgeName(subnet);
  ip([
    ...(exists('link', 'show', bridge) ? [] : [`link add ${bridge} type bridge`]),
    `address replace ${bridgeAddress(subnet)}/24 dev ${bridge}`,
    ...(dual ? [`address replace ${bridgeAddress6(subnet)}/64 dev ${bridge} nodad`] : []),
    `link set ${bridge} up`,
  ]);
}

export function deleteBridge(subnet: number): void {
  const bridge = bridgeName(subnet);
  if (exists('link', 'show', bridge)) run('ip', ['link', 'delete', bridge]);
}

/** A node's network namespace, joined to the bridge by a veth pair. Idempotent. */
export function createNodeNamespace(netns: string, subnet: number, index: number, dual = false): void {
  const veth = vethName(subnet, index);
  if (!exists('netns', 'exec', netns, 'true')) run('ip', ['netns', 'add', netns]);
  const joined = exists('-n', netns, 'link', 'show', 'eth0');
  ip([
    ...(joined ? [] : [...(exists('link', 'show', veth) ? [`link delete ${veth}`] : []), `link add ${veth} type veth peer name eth0 netns ${netns}`]),
    `link set ${veth} master ${bridgeName(subnet)} up`,
  ]);
  ip([
    'link set lo up',
    `address replace ${nodeAddress(subnet, index)}/24 dev eth0`,
    ...(dual ? [`address replace ${nodeAddress6(subnet, index)}/64 dev eth0 nodad`] : []),
    'link set eth0 up',
    `route replace default via ${bridgeAddress(subnet)}`,
    ...(dual ? [`route replace default via ${bridgeAddress6(subnet)}`] : []),
  ], netns);
  // Without sysctl, which a small Debian has not.
  const settings = [['ipv4/ip_forward', 1], ['ipv4/conf/all/rp_filter', 0], ['ipv4/conf/default/rp_filter', 0], ...(dual ? [['ipv6/conf/all/forwarding', 1]] : [])];
  run('ip', ['netns', 'exec', netns, 'sh', '-c', settings.map(([name, value]) => `echo ${value ?? ''} > /proc/sys/net/${name ?? ''}`).join(' && ')]);
}

export function deleteNodeNamespace(netns: string): void {
  if (exists('netns', 'exec', netns, 'true')) run('ip', ['netns', 'delete', netns]);
}

/** Routes of this host, as `ip` prints them. */
export function hostRoutes(): string {
  return run('ip', ['-4', 'route', 'show', 'table', 'all']);
}
