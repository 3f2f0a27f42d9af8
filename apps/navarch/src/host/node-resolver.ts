import { existsSync, readFileSync } from 'node:fs';
import { run } from './command';

/** Where systemd-resolved keeps the servers that it asks itself. */
const resolvedUpstreams = '/run/systemd/resolve/resolv.conf';

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1' || address === '0.0.0.0';
const nameservers = (text: string): string[] => [...text.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');

/**
 * What a node resolves names with: the host's resolv.conf, but for servers on the host's loopback, which no other
 * network namespace reaches. In their place those that systemd-resolved asks; failing that, the cluster's DNS.
 */
export function nodeResolvConf(hosts: string, upstreams: string | undefined, clusterDns: string): string {
  const usable = nameservers(hosts).filter((address) => !isLoopback(address));
  const servers = usable.length > 0 ? usable : nameservers(upstreams ?? '').filter((address) => !isLoopback(address));
  const others = hosts.split('\n').filter((line) => /^(search|domain|options)\s/.test(line));
  return [...(servers.length > 0 ? servers : [clusterDns]).map((address) => `nameserver ${address}`), ...others, ''].join('\n');
}

export function hostResolver(clusterDns: string): { readonly resolvConf: string; readonly onLoopback: boolean } {
  const read = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  const hosts = read('/etc/resolv.conf') ?? '';
  return { resolvConf: nodeResolvConf(hosts, read(resolvedUpstreams), clusterDns), onLoopback: nameservers(hosts).some(isLoopback) };
}

/**
 * What runs in a node's namespace with the host's files (containerd, when it pulls) asks the host's loopback for names:
 * such questions go to the cluster's DNS on the host, which asks there in its place.
 */
export function redirectLoopbackDns(netns: string, address: string, port: number): void {
  const table = 'ip navarch-resolver';
  const rules = [
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    '  chain output {',
    '    type nat hook output priority -100; policy accept;',
    ...['udp', 'tcp'].map((protocol) => `    ip daddr 127.0.0.0/8 ${protocol} dport 53 dnat to ${address}:${port}`),
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority 100; policy accept;',
    `    ip saddr 127.0.0.0/8 ip daddr ${address} masquerade`,
    '  }',
    '}',
  ];
  run('ip', ['netns', 'exec', netns, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet && exec nft -f -'], { input: rules.join('\n') });
}
