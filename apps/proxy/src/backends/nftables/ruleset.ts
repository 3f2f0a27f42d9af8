import type { DataPlaneOptions } from '../data-plane';
import type { FamilyWords } from '../family-words';
import type { Audience, Frontend } from '../frontends';

export const tableName = 'navarch-proxy';

/** A slot's mark is its route's base plus the slot: high bits of our own, so that nobody else's marks are met. */
const markBases: Readonly<Record<Audience['route'], number>> = { plain: 0x6e76_0000, masquerade: 0x6e77_0000, local: 0x6e78_0000 };
const lastSlot = 0xffff;
export const hex = (value: number): string => `0x${value.toString(16)}`;
export const markBase = (route: Audience['route']): number => markBases[route];

type Kind = Frontend['kind'];
const keyExpression = ({ nft }: FamilyWords, kind: Kind): string => (kind === 'address' ? `${nft} daddr . meta l4proto . th dport` : 'meta l4proto . th dport');
const mapSuffix: Readonly<Record<Kind, string>> = { address: 'services', 'node-port': 'nodeports' };

export const servicesMap = (kind: Kind): string => mapSuffix[kind];
export const endpointsMap = (kind: Kind): string => `${mapSuffix[kind]}-endpoints`;
/** Slots that are lent to an endpoint that has one of its own: whoever comes to them is remembered with that. */
export const lentMap = (kind: Kind): string => `${mapSuffix[kind]}-lent`;
export const closedMap = (kind: Kind): string => `${mapSuffix[kind]}-closed`;

/** The key of a frontend in the maps of its kind: `10.96.0.1 . tcp . 443`, or `tcp . 30080` for a node port. */
export const frontendKey = ({ kind, address, protocol, port }: Frontend): string => (kind === 'address' ? `${address} . ${protocol} . ${port}` : `${protocol} . ${port}`);

/** What makes frontends of a family share chains: nothing but the numbers of their endpoints, and affinity. */
export interface Shape {
  readonly kind: Kind;
  readonly affinitySeconds: number;
  readonly counts: Readonly<Partial<Record<Audience['route'], number>>>;
}

export const shapeOf = ({ kind, affinitySeconds, audiences }: Frontend): Shape =>
  ({ kind, affinitySeconds, counts: Object.fromEntries(audiences.map(({ route, endpoints }) => [route, endpoints.length])) });

interface Declaration {
  /** Names what is declared, once for all. */
  readonly name: string;
  readonly lines: readonly string[];
}

interface Entry {
  readonly chain: string;
  readonly declarations: readonly Declaration[];
}

/** Ten thousand Services have a handful of shapes. */
const entries = new Map<string, Entry>();

/** The chain that a frontend's traffic goes to, and all that must exist for it. */
export function entryChain(words: FamilyWords, shape: Shape): Entry {
  const { kind, affinitySeconds, counts } = shape;
  const key = `${words.nft} ${kind} ${affinitySeconds} ${counts.plain ?? ''}/${counts.masquerade ?? ''}/${counts.local ?? ''}`;
  let entry = entries.get(key);
  if (entry === undefined) entries.set(key, (entry = makeEntry(words, shape)));
  return entry;
}

function makeEntry(words: FamilyWords, shape: Shape): Entry {
  const { nft } = words;
  const { counts, kind, affinitySeconds } = shape;
  const balancers = (Object.entries(counts) as [Audience['route'], number][])
    .filter(([, count]) => count > 0)
    .map(([route, count]) => ({ route, count, chain: balancerChain(kind, route, count, affinitySeconds) }));
  const declarations: Declaration[] = [
    ...(affinitySeconds > 0 ? [affinityDeclaration(words, kind, affinitySeconds)] : []),
    ...balancers.map(({ route, count, chain }) => ({ name: chain, lines: balancerLines(words, kind, route, count, affinitySeconds, chain) })),
  ];
  const [only] = balancers;
  if (counts.local === undefined && only !== undefined) return { chain: only.chain, declarations };
  const chainTo = (route: Audience['route']): string | undefined => balancers.find((balancer) => balancer.route === route)?.chain;
  const chain = `by-client-${kind}-${counts.local ?? 0}-of-${counts.plain ?? 0}${affinitySeconds > 0 ? `-aff-${affinitySeconds}` : ''}`;
  const verdict = (route: Audience['route']): string => (chainTo(route) === undefined ? 'drop' : `goto ${chainTo(route) ?? ''}`);
  const lines = [
    `add chain ${nft} ${tableName} ${chain}`,
    `add rule ${nft} ${tableName} ${chain} ${nft} saddr @pods ${verdict('plain')}`,
    `add rule ${nft} ${tableName} ${chain} fib saddr type local ${verdict('masquerade')}`,
    `add rule ${nft} ${tableName} ${chain} ${verdict('local')}`,
  ];
  return { chain, declarations: [...declarations, { name: chain, lines }] };
}

const balancerChain = (kind: Kind, route: Audience['route'], count: number, affinitySeconds: number): string =>
  `lb-${kind}-${count}${route === 'plain' ? '' : `-${route}`}${affinitySeconds > 0 ? `-aff-${affinitySeconds}` : ''}`;

const affinityMap = (kind: Kind, seconds: number): string => `${mapSuffix[kind]}-affinity-${seconds}`;

/** The map that remembers clients' slots for one timeout. */
function affinityDeclaration(words: FamilyWords, kind: Kind, seconds: number): Declaration {
  const name = affinityMap(kind, seconds);
  const key = words.nft === 'ip' ? `typeof ip saddr . ${keyExpression(words, kind)} : meta mark` : 'type mark : mark';
  return { name, lines: [`add map ${words.nft} ${tableName} ${name} { ${key}; size 65536; flags dynamic,timeout; timeout ${seconds}s; }`] };
}

/**
 * Who a client is to a frontend, and how its remembered slot comes into the mark. nft (as of 1.0.6) cannot write keys longer than an
 * IPv6 address into a map from the packet path, so that there a hash stands for the client: two with the same hash share a slot.
 */
function clientOf(words: FamilyWords, kind: Kind, map: string): { readonly client: string; readonly remember: readonly string[] } {
  const parts = `${words.nft} saddr . ${keyExpression(words, kind)}`;
  if (words.nft === 'ip') return { client: parts, remember: [`meta mark set ${parts} map @${map}`] };
  const client = `jhash ${parts} mod 0xffffffff seed ${hex(markBases.plain)}`;
  return { client, remember: [`meta mark set ${client}`, `meta mark set meta mark map @${map}`] };
}

/** A balancer chooses a slot, then looks up the address behind it. */
function balancerLines(words: FamilyWords, kind: Kind, route: Audience['route'], count: number, affinitySeconds: number, chain: string): string[] {
  const base = markBase(route);
  const choose = `meta mark set numgen random mod ${count} offset ${hex(base)}`;
  const pick = `goto pick-${mapSuffix[kind]}`;
  if (affinitySeconds === 0) return chainLines(words, chain, [choose, pick]);
  const map = affinityMap(kind, affinitySeconds);
  const { client, remember } = clientOf(words, kind, map);
  const toOwnSlot = `meta mark set ${keyExpression(words, kind)} . meta mark map @${lentMap(kind)}`;
  const [chosen, moved] = [`${chain}-chosen`, `${chain}-moved`];
  return [
    // The kernel's `update` leaves an element's value as it is: who is remembered with another slot is forgotten first.
    ...chainLines(words, moved, [`delete @${map} { ${client} : meta mark }`, `add @${map} { ${client} timeout ${affinitySeconds}s : meta mark }`, pick]),
    ...chainLines(words, chosen, [choose, toOwnSlot, `goto ${moved}`]),
    ...chainLines(words, chain, [
      ...remember,
      // A remembered slot that no longer exists counts as none.
      `meta mark != ${hex(base)}-${hex(base + count - 1)} goto ${chosen}`,
      `${toOwnSlot} goto ${moved}`,
      `update @${map} { ${client} timeout ${affinitySeconds}s : meta mark }`,
      pick,
    ]),
  ];
}

const chainLines = ({ nft }: FamilyWords, chain: string, rules: readonly string[]): string[] => [
  `add chain ${nft} ${tableName} ${chain}`,
  ...rules.map((rule) => `add rule ${nft} ${tableName} ${chain} ${rule}`),
];

/**
 * The table with its fixed chains and empty maps; replaces whatever an earlier run left, in the same transaction. What still goes
 * to a cluster IP after DNAT asked for a port that its Service has not: it is refused; and what goes to an address that Services could have, but none has,
 * is dropped, so that it does not leave the node for whoever has that address elsewhere. Upstream's nftables proxy does both.
 */
export function tableDeclaration(
  { nft, addressType, loopback }: FamilyWords,
  {
    clusterCidrs,
    nodePortAddresses,
    serviceRanges,
  }: Pick<DataPlaneOptions, 'clusterCidrs' | 'nodePortAddresses'> & { readonly serviceRanges: readonly string[] },
): string[] {
  const onNode = `fib daddr type local ${nft} daddr != ${loopback}${nodePortAddresses === undefined ? '' : ` ${nft} daddr @node-addresses`} meta l4proto . th dport`;
  const unallocated = serviceRanges.length === 0 ? '' : `ct state new ${nft} daddr @service-ranges drop`;
  const ranges = (list: readonly string[]): string => (list.length === 0 ? '' : ` elements = { ${list.join(', ')} };`);
  return `
add table ${nft} ${tableName}
delete table ${nft} ${tableName}
table ${nft} ${tableName} {
  comment "service addresses and node ports"
  set pods { type ${addressType}; flags interval; auto-merge;${ranges(clusterCidrs)} }
  ${nodePortAddresses === undefined ? '' : `set node-addresses { type ${addressType}; flags interval; auto-merge;${ranges(nodePortAddresses)} }`}
  ${serviceRanges.length === 0 ? '' : `set service-ranges { type ${addressType}; flags interval; auto-merge;${ranges(serviceRanges)} }`}
  map services { type ${addressType} . inet_proto . inet_service : verdict; }
  map services-endpoints { typeof ${nft} daddr . meta l4proto . th dport . meta mark : ${nft} daddr . th dport; }
  map services-lent { typeof ${nft} daddr . meta l4proto . th dport . meta mark : meta mark; }
  map services-closed { type ${addressType} . inet_proto . inet_service : verdict; }
  map nodeports { type inet_proto . inet_service : verdict; }
  map nodeports-endpoints { typeof meta l4proto . th dport . meta mark : ${nft} daddr . th dport; }
  map nodeports-lent { typeof meta l4proto . th dport . meta mark : meta mark; }
  map nodeports-closed { type inet_proto . inet_service : verdict; }
  set cluster-ips { type ${addressType}; }
  set hairpin { type ${addressType} . ${addressType}; }
  set restricted { type ${addressType} . inet_proto . inet_service; }
  set allowed-sources { type ${addressType} . inet_proto . inet_service . ${addressType}; flags interval; }
  chain pick-services {
    dnat ${nft} to ${nft} daddr . meta l4proto . th dport . meta mark map @services-endpoints
  }
  chain pick-nodeports {
    dnat ${nft} to meta l4proto . th dport . meta mark map @nodeports-endpoints
  }
  chain dispatch {
    ${nft} daddr . meta l4proto . th dport vmap @services
    ${onNode} vmap @nodeports
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
    meta mark ${hex(markBases.masquerade)}-${hex(markBases.masquerade + lastSlot)} masquerade fully-random
    ${nft} saddr . ${nft} daddr @hairpin masquerade fully-random
    ${clusterCidrs.length === 0 ? '' : `${nft} saddr != @pods ct status dnat ct original ${nft} daddr @cluster-ips masquerade fully-random`}
  }
  chain check-source {
    ${nft} daddr . meta l4proto . th dport . ${nft} saddr @allowed-sources return
    drop
  }
  chain filter-prerouting {
    type filter hook prerouting priority -110; policy accept;
    ct state new ${nft} daddr . meta l4proto . th dport @restricted jump check-source
  }
  chain filter-sent {
    type filter hook output priority -110; policy accept;
    ct state new ${nft} daddr . meta l4proto . th dport @restricted jump check-source
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain check-closed {
    ${nft} daddr . meta l4proto . th dport vmap @services-closed
    ${onNode} vmap @nodeports-closed
  }
  chain filter-input {
    type filter hook input priority -110; policy accept;
    ct state new jump check-closed
  }
  chain filter-forward {
    type filter hook forward priority -110; policy accept;
    ct state new jump check-closed
    ct state new ${nft} daddr @cluster-ips jump refuse
    ${unallocated}
  }
  chain filter-output {
    type filter hook output priority -110; policy accept;
    ct state new jump check-closed
  }
  chain filter-output-after-dnat {
    type filter hook output priority -90; policy accept;
    ct state new ${nft} daddr @cluster-ips jump refuse
    ${unallocated}
  }
}`
    .trim()
    .split('\n');
}
