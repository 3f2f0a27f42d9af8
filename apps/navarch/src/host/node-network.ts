import { bridgeAddress, bridgeName, nodeAddress, nodeNetwork, vethName } from '../cluster/addresses';
import { run, succeeds } from './command';

/** The bridge on the host that all nodes of a cluster hang on. */
export function createBridge(subnet: number): void {
  const bridge = bridgeName(subnet);
  if (!succeeds('ip', ['link', 'show', bridge])) run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  run('ip', ['address', 'replace', `${bridgeAddress(subnet)}/24`, 'dev', bridge]);
  run('ip', ['link', 'set', bridge, 'up']);
}

export function deleteBridge(subnet: number): void {
  const bridge = bridgeName(subnet);
  if (succeeds('ip', ['link', 'show', bridge])) run('ip', ['link', 'delete', bridge]);
}

/** A node's network namespace, joined to the bridge by a veth pair. Idempotent. */
export function createNodeNamespace(netns: string, subnet: number, index: number): void {
  const veth = vethName(subnet, index);
  if (!succeeds('ip', ['netns', 'exec', netns, 'true'])) run('ip', ['netns', 'add', netns]);
  const inside = (...args: string[]): string => run('ip', ['-n', netns, ...args]);
  if (!succeeds('ip', ['-n', netns, 'link', 'show', 'eth0'])) {
    if (succeeds('ip', ['link', 'show', veth])) run('ip', ['link', 'delete', veth]);
    run('ip', ['link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
  }
  run('ip', ['link', 'set', veth, 'master', bridgeName(subnet), 'up']);
  inside('link', 'set', 'lo', 'up');
  inside('address', 'replace', `${nodeAddress(subnet, index)}/24`, 'dev', 'eth0');
  inside('link', 'set', 'eth0', 'up');
  inside('route', 'replace', 'default', 'via', bridgeAddress(subnet));
  for (const setting of ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0'])
    run('ip', ['netns', 'exec', netns, 'sysctl', '-q', '-w', setting]);
}

export function deleteNodeNamespace(netns: string): void {
  if (succeeds('ip', ['netns', 'exec', netns, 'true'])) run('ip', ['netns', 'delete', netns]);
}

/** A pod range that no route of the host leads to: 10.244.0.0/16, or one of those after it. */
export function freePodCidr(): string {
  const routes = run('ip', ['-4', 'route', 'show', 'table', 'all']);
  for (let second = 244; second < 256; second++) if (!routes.includes(`10.${second}.`)) return `10.${second}.0.0/16`;
  throw new Error('every pod range from 10.244.0.0/16 to 10.255.0.0/16 has a route on this host already');
}

/** A third octet of 172.30.x.0/24 that no route of the host covers. */
export function freeSubnet(): number {
  const routes = run('ip', ['-4', 'route', 'show', 'table', 'all']);
  for (let subnet = 1; subnet < 255; subnet++) {
    const prefix = nodeNetwork(subnet).split('/')[0] ?? '';
    if (!routes.includes(prefix.replace(/0$/, ''))) return subnet;
  }
  throw new Error('every network of 172.30.0.0/16 has a route on this host already');
}
