import type { proxyv1 } from '@navarch/proto';
import type { FamilyWords } from '../family-words';
import { frontends } from '../frontends';

export const rulesTable = 'navarch-proxy-ipvs-nat';

/**
 * What ipvs does not do itself: masquerading, hairpins, source ranges. Written whole at every change, in one transaction, with the
 * virtual servers that are ours, so that a later run knows which to take away. ipvs works after prerouting, whose mark stays.
 */
export function ipvsRules({ nft, addressType }: FamilyWords, ports: Iterable<proxyv1.ServicePort>, clusterCidrs: readonly string[], servers: Iterable<string>): string {
  const clusterIps = new Set<string>();
  const masqueraded = new Set<string>();
  const masqueradedPorts = new Set<string>();
  const hairpins = new Set<string>();
  const restricted = new Set<string>();
  const sources = new Set<string>();
  for (const port of ports) {
    if (port.addresses[0] !== undefined) clusterIps.add(port.addresses[0]);
    for (const { address } of port.localEndpoints) hairpins.add(`${address} . ${address}`);
    for (const frontend of frontends(port)) {
      const key = `${frontend.address} . ${frontend.protocol} . ${frontend.port}`;
      if (frontend.audiences[0]?.route === 'masquerade') {
        (frontend.kind === 'address' ? masqueraded : masqueradedPorts).add(frontend.kind === 'address' ? key : `${frontend.protocol} . ${frontend.port}`);
      }
      if (frontend.sources.length > 0) restricted.add(key);
      for (const range of frontend.sources) sources.add(`${key} . ${range}`);
    }
  }
  const set = (name: string, type: string, entries: Iterable<string>, flags = ''): string => {
    const list = [...entries];
    return `  set ${name} { type ${type};${flags}${list.length > 0 ? ` elements = { ${list.join(', ')} };` : ''} }`;
  };
  const target = `${addressType} . inet_proto . inet_service`;
  const mark = 'meta mark set meta mark | 0x4000';
  const marking = [
    ...(clusterCidrs.length === 0 ? [] : [`${nft} saddr != { ${clusterCidrs.join(', ')} } ${nft} daddr @cluster-ips ${mark}`]),
    `${nft} daddr . meta l4proto . th dport @masqueraded ${mark}`,
    `fib daddr type local meta l4proto . th dport @masqueraded-ports ${mark}`,
    `ct state new ${nft} daddr . meta l4proto . th dport @restricted ${nft} daddr . meta l4proto . th dport . ${nft} saddr != @allowed-sources drop`,
  ].map((rule) => `    ${rule}`).join('\n');
  return `add table ${nft} ${rulesTable}
delete table ${nft} ${rulesTable}
table ${nft} ${rulesTable} {
${set('cluster-ips', addressType, clusterIps)}
${set('masqueraded', target, masqueraded)}
${set('masqueraded-ports', 'inet_proto . inet_service', masqueradedPorts)}
${set('hairpin', `${addressType} . ${addressType}`, hairpins)}
${set('restricted', target, restricted)}
${set('allowed-sources', `${target} . ${addressType}`, sources, ' flags interval;')}
${set('virtual-servers', target, servers)}
  chain prerouting {
    type filter hook prerouting priority -110; policy accept;
${marking}
  }
  chain output {
    type filter hook output priority -110; policy accept;
${marking}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & 0x4000 == 0x4000 masquerade fully-random
    ${nft} saddr . ${nft} daddr @hairpin masquerade fully-random
  }
}
`;
}
