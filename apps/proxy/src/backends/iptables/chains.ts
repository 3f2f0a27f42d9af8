import type { FamilyWords } from '../family-words';
import { localhostGuard, openedChain } from './localhost-ports';
import type { proxyv1 } from '@navarch/proto';
import type { PortRules } from './port-rules';

export type Endpoint = proxyv1.Endpoint;
export type Table = 'nat' | 'filter';
/** Rules by chain. */
export type Chains = ReadonlyMap<string, readonly string[]>;

const chainPrefix = 'NAVARCH-';
export const masqueradeChain = 'NAVARCH-MARK-MASQ';
/** Upstream's bits: 14 masquerades, 15 drops. */
const masqueradeMark = '0x4000/0x4000';
const dropMark = '0x8000/0x8000';

/** A rule of one of the kernel's own chains that leads to one of ours. */
export interface Jump {
  readonly table: Table;
  readonly from: string;
  readonly rule: string;
}

export const jumps: readonly Jump[] = [
  ...['PREROUTING', 'OUTPUT'].map((from) => ({ table: 'nat' as const, from, rule: '-j NAVARCH-SERVICES' })),
  { table: 'nat', from: 'POSTROUTING', rule: '-j NAVARCH-POSTROUTING' },
  // Each is put before what is there: what is closed is refused before anything is let through.
  { table: 'filter', from: 'FORWARD', rule: '-j NAVARCH-FORWARD' },
  ...['INPUT', 'FORWARD', 'OUTPUT'].map((from) => ({ table: 'filter' as const, from, rule: '-m conntrack --ctstate NEW -j NAVARCH-CLOSED' })),
  { table: 'filter', from: 'INPUT', rule: '-j NAVARCH-LOCALNET' },
];

/** What passes also where a host forwards nothing by default, as upstream's KUBE-FORWARD: what is sent on for a Service, and what belongs to it. */
const forwarded = (tcpBeLiberal: boolean): string[] => [
  ...(tcpBeLiberal ? [] : ['-m conntrack --ctstate INVALID -j DROP']),
  `-m mark --mark ${masqueradeMark} -j ACCEPT`,
  '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
];

export interface ChainOptions {
  readonly nodePortAddresses?: readonly string[] | undefined;
  readonly tcpBeLiberal?: boolean | undefined;
  /** Whether node ports are served on loopback addresses, and whether it was this back end that made the kernel route those. */
  readonly localhost?: { readonly opened: boolean } | undefined;
}

/** All chains of all ports; the order of ports is that of the map. */
export function allChains(words: FamilyWords, ports: Iterable<PortRules>, { nodePortAddresses, tcpBeLiberal = false, localhost }: ChainOptions): Readonly<Record<Table, Chains>> {
  const every = [...ports];
  const nat = new Map<string, readonly string[]>([
    ['NAVARCH-SERVICES', [...every.flatMap(({ services }) => services), ...nodePortJumps(nodePortAddresses)]],
    ['NAVARCH-NODEPORTS', [...(localhost === undefined ? [`-d ${words.loopback} -j RETURN`] : []), ...every.flatMap(({ nodePorts }) => nodePorts)]],
    [masqueradeChain, [`-j MARK --set-xmark ${masqueradeMark}`]],
    ['NAVARCH-MARK-DROP', [`-j MARK --set-xmark ${dropMark}`]],
    ['NAVARCH-POSTROUTING', [`-m mark ! --mark ${masqueradeMark} -j RETURN`, '-j MARK --set-xmark 0x0/0x4000', '-j MASQUERADE --random-fully']],
  ]);
  for (const { chains } of every) for (const [chain, rules] of chains) nat.set(chain, rules);
  const filter = new Map<string, readonly string[]>([
    ['NAVARCH-CLOSED', [`-m mark --mark ${dropMark} -j DROP`, ...every.flatMap(({ firewall }) => firewall), ...every.flatMap(({ closed }) => closed)]],
    ['NAVARCH-FORWARD', forwarded(tcpBeLiberal)],
    ['NAVARCH-LOCALNET', localhost === undefined ? [] : localhostGuard(words)],
    ...(localhost?.opened === true ? [[openedChain, []] as const] : []),
  ]);
  return { nat, filter };
}

/** Last: a service address comes before a port of the node. */
function nodePortJumps(addresses: readonly string[] | undefined): string[] {
  const local = '-m addrtype --dst-type LOCAL -j NAVARCH-NODEPORTS';
  return addresses === undefined ? [local] : addresses.map((range) => `-d ${range} ${local}`);
}

/** Takes one table from what is installed to what is wanted, as input for iptables-restore --noflush: only chains that differ. */
export function restoreScript(table: Table, installed: Chains, wanted: Chains): string {
  const changed = [...wanted].filter(([chain, rules]) => installed.get(chain)?.join('\n') !== rules.join('\n'));
  const gone = [...installed.keys()].filter((chain) => !wanted.has(chain));
  if (changed.length === 0 && gone.length === 0) return '';
  return [
    `*${table}`,
    // Naming a chain empties it, and makes it where it is missing.
    ...[...changed.map(([chain]) => chain), ...gone].map((chain) => `:${chain} - [0:0]`),
    ...changed.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...gone.map((chain) => `-X ${chain}`),
    'COMMIT\n',
  ].join('\n');
}

/** Our chains in what iptables-save prints: what an earlier run left. Their rules are not known. */
export function leftChains(saved: string): string[] {
  return [...saved.matchAll(/^:(\S+)/gm)].map(([, chain]) => chain ?? '').filter((chain) => chain.startsWith(chainPrefix));
}
