import type { Frontend } from './frontends';

export const tableName = 'navarch-proxy';

/** A slot's mark is this plus the slot: high bits of our own, so that nobody else's marks are met. */
const plainMark = 0x6e76_0000;
/** Marks from here on are masqueraded. */
const masqueradeMark = 0x6e77_0000;
const hex = (value: number): string => `0x${value.toString(16)}`;

export const markBase = (frontend: Pick<Frontend, 'masquerade'>): number => (frontend.masquerade ? masqueradeMark : plainMark);

/** The chain that chooses among n endpoints; shared by all frontends of the same kind, number, affinity and masquerading. */
export function balancerChain(frontend: Frontend): string {
  const { kind, endpoints, affinitySeconds, masquerade } = frontend;
  return `lb-${kind}-${endpoints.length}${masquerade ? '-masq' : ''}${affinitySeconds > 0 ? `-aff-${affinitySeconds}` : ''}`;
}

const keyExpression: Readonly<Record<Frontend['kind'], string>> = {
  address: 'ip daddr . meta l4proto . th dport',
  'node-port': 'meta l4proto . th dport',
};
const mapSuffix: Readonly<Record<Frontend['kind'], string>> = { address: 'services', 'node-port': 'nodeports' };

export const servicesMap = (kind: Frontend['kind']): string => mapSuffix[kind];
export const endpointsMap = (kind: Frontend['kind']): string => `${mapSuffix[kind]}-endpoints`;
export const refusedMap = (kind: Frontend['kind']): string => `${mapSuffix[kind]}-refused`;
export const affinityMap = (kind: Frontend['kind'], seconds: number): string => `${mapSuffix[kind]}-affinity-${seconds}`;

/** The map that remembers clients' slots for one timeout. */
export function affinityDeclaration(kind: Frontend['kind'], seconds: number): string {
  return `add map ip ${tableName} ${affinityMap(kind, seconds)} { typeof ip saddr . ${keyExpression[kind]} : meta mark; size 65536; flags dynamic,timeout; timeout ${seconds}s; }`;
}

/** Declares and fills a balancer chain: chooses a slot, then the two-map look-up of the address behind it. */
export function balancerDeclaration(frontend: Frontend): string[] {
  const { kind, endpoints, affinitySeconds } = frontend;
  const chain = balancerChain(frontend);
  const base = markBase(frontend);
  const choose = `meta mark set numgen random mod ${endpoints.length} offset ${hex(base)}`;
  const rule = (text: string): string => `add rule ip ${tableName} ${chain} ${text}`;
  const lines = [`add chain ip ${tableName} ${chain}`];
  if (affinitySeconds === 0) return [...lines, rule(choose), rule(`goto pick-${mapSuffix[kind]}`)];
  const map = affinityMap(kind, affinitySeconds);
  const client = `ip saddr . ${keyExpression[kind]}`;
  const remember = `update @${map} { ${client} timeout ${affinitySeconds}s : meta mark }`;
  return [
    ...lines,
    rule(`meta mark set ${client} map @${map}`),
    // A remembered slot that no longer exists counts as none.
    rule(`meta mark != ${hex(base)}-${hex(base + endpoints.length - 1)} ${choose}`),
    rule(remember),
    rule(`goto pick-${mapSuffix[kind]}`),
  ];
}

/** The table with its fixed chains and empty maps; replaces whatever an earlier run left, in the same transaction. */
export function tableDeclaration(clusterCidr: string): string[] {
  return `
add table ip ${tableName}
delete table ip ${tableName}
table ip ${tableName} {
  comment "service addresses and node ports"
  map services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map services-endpoints { typeof ip daddr . meta l4proto . th dport . meta mark : ip daddr . th dport; }
  map services-refused { type ipv4_addr . inet_proto . inet_service : verdict; }
  map nodeports { type inet_proto . inet_service : verdict; }
  map nodeports-endpoints { typeof meta l4proto . th dport . meta mark : ip daddr . th dport; }
  map nodeports-refused { type inet_proto . inet_service : verdict; }
  set cluster-ips { type ipv4_addr; }
  set hairpin { type ipv4_addr . ipv4_addr; }
  chain pick-services {
    dnat ip to ip daddr . meta l4proto . th dport . meta mark map @services-endpoints
  }
  chain pick-nodeports {
    dnat ip to meta l4proto . th dport . meta mark map @nodeports-endpoints
  }
  chain dispatch {
    ip daddr . meta l4proto . th dport vmap @services
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @nodeports
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump dispatch
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump dispatch
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark ${hex(masqueradeMark)}-${hex(masqueradeMark + 0xffff)} masquerade fully-random
    ip saddr . ip daddr @hairpin masquerade fully-random
    ip saddr != ${clusterCidr} ct status dnat ct original ip daddr @cluster-ips masquerade fully-random
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain check-refused {
    ip daddr . meta l4proto . th dport vmap @services-refused
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @nodeports-refused
  }
  chain filter-input {
    type filter hook input priority -110; policy accept;
    ct state new jump check-refused
  }
  chain filter-forward {
    type filter hook forward priority -110; policy accept;
    ct state new jump check-refused
  }
  chain filter-output {
    type filter hook output priority -110; policy accept;
    ct state new jump check-refused
  }
}`.trim().split('\n');
}
