import { familyWords, type FamilyWords } from '../family-words';
import { frontends } from '../frontends';
import { canonicalAddress, inRange, type IpFamily } from '@navarch/apimachinery';
import { systemClock, type Clock } from '@navarch/clock';
import type { proxyv1 } from '@navarch/proto';
import type { RunCommand } from '../run-command';

/** Where a back end that answers on the node itself keeps service addresses. */
export interface LocalNames {
  /** Interface, and table of nftables. */
  readonly device: string;
  readonly table: string;
  readonly words: FamilyWords;
}

/** Each family has a device and a table of its own, so that one can be taken away while the other serves. */
export function localNames(backEnd: string, family: IpFamily): LocalNames {
  const words = familyWords[family];
  return { device: `navarch-${backEnd}${words.suffix}`, table: `navarch-proxy-${backEnd}`, words };
}

/** Service addresses that this node answers on, and which of their ports. */
export interface LocalState {
  readonly addresses: ReadonlySet<string>;
  /** `10.96.0.1 . tcp . 443` */
  readonly open: ReadonlySet<string>;
}

export function localState(ports: Iterable<proxyv1.ServicePort>): LocalState {
  const addresses = new Set<string>();
  const open = new Set<string>();
  for (const port of ports) {
    for (const { kind, address, protocol, port: number, closed } of frontends(port)) {
      if (kind !== 'address') continue;
      addresses.add(address);
      if (closed === undefined) open.add(`${address} . ${protocol} . ${number}`);
    }
  }
  return { addresses, open };
}

/**
 * A bridge without ports carries the addresses: every kernel that can have pods has bridges, while some lack dummy devices. The
 * table keeps the node's own servers, which listen on all addresses, from answering on those of services.
 */
export async function resetLocal(names: LocalNames, run: RunCommand): Promise<void> {
  const { device, table, words: { nft, addressType } } = names;
  await cleanUpLocal(names, run);
  await run('ip', ['link', 'add', device, 'type', 'bridge']);
  await run('ip', ['link', 'set', device, 'up']);
  await run('nft', ['-f', '-'], `table ${nft} ${table} {
  set addresses { type ${addressType}; }
  set open { type ${addressType} . inet_proto . inet_service; }
  chain input {
    type filter hook input priority -110; policy accept;
    ct state new ${nft} daddr @addresses meta l4proto { tcp, udp, sctp } ${nft} daddr . meta l4proto . th dport != @open jump refuse
  }
  chain output {
    type filter hook output priority -110; policy accept;
    ct state new ${nft} daddr @addresses meta l4proto { tcp, udp, sctp } ${nft} daddr . meta l4proto . th dport != @open jump refuse
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
}
`);
}

/** Takes the kernel from one state to the next. */
export async function changeLocal({ device, table, words }: LocalNames, before: LocalState, after: LocalState, run: RunCommand, clock: Clock = systemClock): Promise<void> {
  const gone = difference(before.addresses, after.addresses);
  const fresh = difference(after.addresses, before.addresses);
  const script = [
    ...elements(words, 'delete', table, 'open', difference(before.open, after.open)), ...elements(words, 'delete', table, 'addresses', gone),
    ...elements(words, 'add', table, 'addresses', fresh), ...elements(words, 'add', table, 'open', difference(after.open, before.open)),
  ];
  if (script.length > 0) await run('nft', ['-f', '-'], script.join('\n'));
  const batch = [
    ...gone.map((address) => `address del ${address}/${words.hostBits} dev ${device}`),
    ...fresh.map((address) => `address replace ${address}/${words.hostBits} dev ${device}${words.nft === 'ip6' ? ' nodad' : ''}`),
  ];
  if (batch.length > 0) await run('ip', ['-batch', '-'], batch.join('\n'));
  if (words.nft === 'ip6' && fresh.length > 0) await untilEffective(device, fresh, run, clock);
}

const effectivePollMs = 5;
const effectiveTimeoutMs = 10_000;

/**
 * The kernel takes an IPv6 address on a device and makes it the node's own later, in a work queue, which on a busy node takes its
 * time (`addrconf_dad_start` of net/ipv6/addrconf.c, also without detection of duplicates). Until then packets to it leave the node.
 *
 * @throws when an address is not the node's own after ten seconds
 */
async function untilEffective(device: string, addresses: readonly string[], run: RunCommand, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + effectiveTimeoutMs;
  for (;;) {
    const routes = JSON.parse((await run('ip', ['-6', '-j', 'route', 'show', 'table', 'local', 'dev', device])) || '[]') as { readonly dst?: string }[];
    const own = new Set(routes.map(({ dst }) => dst));
    const missing = addresses.filter((address) => !own.has(canonicalAddress(address)));
    if (missing.length === 0) return;
    if (clock.monotonic() >= deadline) throw new Error(`${missing.join(', ')} on ${device} did not become addresses of this node`);
    await clock.sleep(effectivePollMs);
  }
}

export async function cleanUpLocal({ device, table, words: { nft } }: LocalNames, run: RunCommand): Promise<void> {
  await run('nft', ['-f', '-'], `add table ${nft} ${table}\ndelete table ${nft} ${table}\n`);
  const links = JSON.parse((await run('ip', ['-j', 'link', 'show'])) || '[]') as { ifname: string }[];
  if (links.some(({ ifname }) => ifname === device)) await run('ip', ['link', 'delete', device]);
}

/** Whether nobody has taken away what a state put there. */
export async function isLocalThere({ device, table, words }: LocalNames, { addresses }: LocalState, run: RunCommand): Promise<boolean> {
  if (!(await run('nft', ['list', 'tables', words.nft])).split('\n').includes(`table ${words.nft} ${table}`)) return false;
  const onDevice = new Set((await listAddresses(words, run)).filter(({ ifname }) => ifname === device).flatMap(localOf));
  return [...addresses].every((address) => onDevice.has(address));
}

/** Addresses of the node that take node ports: not loopback's or a link's own, not those of services. */
export async function nodeAddresses({ device, words }: LocalNames, run: RunCommand): Promise<string[]> {
  return (await listAddresses(words, run)).filter(({ ifname }) => ifname !== device).flatMap(localOf);
}

interface Interface {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly local?: string }[];
}

const listAddresses = async ({ ip }: FamilyWords, run: RunCommand): Promise<Interface[]> => JSON.parse((await run('ip', [ip, '-j', 'address', 'show', 'scope', 'global'])) || '[]') as Interface[];
const localOf = ({ addr_info: addresses = [] }: Interface): string[] => addresses.flatMap(({ local }) => local ?? []);

/** Those of the node's addresses on which node ports are served. */
export const servingAddresses = (own: readonly string[], ranges: readonly string[] | undefined): readonly string[] =>
  (ranges === undefined ? own : own.filter((address) => ranges.some((range) => inRange(address, range))));

const difference = (from: ReadonlySet<string>, other: ReadonlySet<string>): string[] => [...from].filter((entry) => !other.has(entry));
const elements = ({ nft }: FamilyWords, verb: string, table: string, set: string, entries: readonly string[]): string[] =>
  entries.length === 0 ? [] : [`${verb} element ${nft} ${table} ${set} { ${entries.join(', ')} }`];
