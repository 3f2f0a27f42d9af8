import type { Family } from './policy-objects';

/** What the filter shall hold besides its fixed parts. */
export interface FilterState {
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly sets: ReadonlyMap<string, { readonly type: string; readonly elements: ReadonlySet<string> }>;
  /** Pods' addresses: to the chain of those that are isolated, past all else for others that are known. */
  readonly maps: Readonly<Record<Direction, ReadonlyMap<string, Verdict>>>;
  /** Ranges in which an address that is in no map is nobody's yet: nothing passes. */
  readonly closed: Readonly<Record<Direction, ReadonlySet<string>>>;
}

export type Direction = 'ingress' | 'egress';
export type Verdict = 'accept' | `jump ${string}`;
export const allDirections: readonly Direction[] = ['ingress', 'egress'];

const policyTable = 'navarch-policy';
export const emptyState: FilterState = { chains: new Map(), sets: new Map(), maps: { ingress: new Map(), egress: new Map() }, closed: { ingress: new Set(), egress: new Set() } };

/**
 * The table with nothing isolated; replaces what an earlier run left, in the same transaction as what follows. What the node
 * itself sends to its pods, as probes do, passes no chain of ours; to itself it may speak from its own address in their range.
 * So may a pod, whatever policies say: by a Service of its own it gets here. What claims a pod's address and comes straight to it does not.
 */
export function filterDeclaration(family: Family): string[] {
  const type = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  // Without neighbour discovery no address could be reached, whatever is allowed; on a bridge it passes these chains as well.
  const neighbours = family === 'ip6' ? '\n    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept' : '';
  return `add table ${family} ${policyTable}
delete table ${family} ${policyTable}
table ${family} ${policyTable} {
  comment "network policies of this node's pods"
  map ingress-pods { type ${type} : verdict; }
  map egress-pods { type ${type} : verdict; }
  set own-pods { type ${type} . ${type}; }
  set ingress-closed { type ${type}; flags interval; }
  set egress-closed { type ${type}; flags interval; }
  chain forward-egress {
    type filter hook forward priority filter - 2; policy accept;
    ct state established,related accept${neighbours}
    ct status dnat ${family} saddr . ${family} daddr @own-pods accept
    ${family} saddr vmap @egress-pods
    ${family} saddr @egress-closed drop
  }
  chain forward-ingress {
    type filter hook forward priority filter - 1; policy accept;
    ct state established,related accept${neighbours}
    ct status dnat ${family} saddr . ${family} daddr @own-pods accept
    ${family} daddr vmap @ingress-pods
    ${family} daddr @ingress-closed drop
  }
  chain input-egress {
    type filter hook input priority filter - 2; policy accept;
    ct state established,related accept${neighbours}
    ${family} saddr vmap @egress-pods
    iifname != "lo" ${family} saddr @egress-closed drop
  }
}`.split('\n');
}

/** Fail where the tables are no longer there. Each is asked by itself: of two lists in one script nft looks up only what the last one is about. */
export const filterQuestions = (['ip', 'ip6'] as const).map((family) => `list chain ${family} ${policyTable} forward-ingress\n`);

/** Takes the kernel from one state to the next, in one transaction that costs what differs. */
export function filterChange(family: Family, before: FilterState, after: FilterState): string[] {
  const of = `${family} ${policyTable}`;
  const lines: string[] = [];
  const goneMaps: string[] = [];
  for (const direction of allDirections) {
    const gone = [...before.maps[direction]].filter(([address, verdict]) => after.maps[direction].get(address) !== verdict).map(([address]) => address);
    if (gone.length > 0) goneMaps.push(`delete element ${of} ${direction}-pods { ${gone.join(', ')} }`);
  }
  for (const [name, { type, elements }] of after.sets) {
    const known = before.sets.get(name);
    if (known === undefined) lines.push(`add set ${of} ${name} { type ${type}; }`);
    lines.push(...elementChange(of, name, known?.elements ?? new Set(), elements));
  }
  const changed = [...after.chains].filter(([name, rules]) => before.chains.get(name)?.join('\n') !== rules.join('\n'));
  // Chains first: they may lead to each other.
  for (const [name] of changed) lines.push(`add chain ${of} ${name}`, ...(before.chains.has(name) ? [`flush chain ${of} ${name}`] : []));
  for (const [name, rules] of changed) for (const rule of rules) lines.push(`add rule ${of} ${name} ${rule}`);
  lines.push(...goneMaps, ...elementChange(of, 'own-pods', toThemselves(before), toThemselves(after)));
  for (const direction of allDirections) {
    const fresh = [...after.maps[direction]].filter(([address, verdict]) => before.maps[direction].get(address) !== verdict).map(([address, verdict]) => `${address} : ${verdict}`);
    if (fresh.length > 0) lines.push(`add element ${of} ${direction}-pods { ${fresh.join(', ')} }`);
    lines.push(...elementChange(of, `${direction}-closed`, before.closed[direction], after.closed[direction]));
  }
  const goneChains = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  // Those that others jump to can only go once nobody does.
  lines.push(...goneChains.map((name) => `flush chain ${of} ${name}`), ...goneChains.map((name) => `delete chain ${of} ${name}`));
  for (const name of before.sets.keys()) if (!after.sets.has(name)) lines.push(`delete set ${of} ${name}`);
  return lines;
}

/** From isolated pods to themselves. */
function toThemselves({ maps }: FilterState): ReadonlySet<string> {
  return new Set(allDirections.flatMap((direction) => [...maps[direction]].filter(([, verdict]) => verdict !== 'accept').map(([address]) => `${address} . ${address}`)));
}

function elementChange(of: string, set: string, before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  const gone = [...before].filter((element) => !after.has(element));
  const fresh = [...after].filter((element) => !before.has(element));
  return [
    ...(gone.length > 0 ? [`delete element ${of} ${set} { ${gone.join(', ')} }`] : []),
    ...(fresh.length > 0 ? [`add element ${of} ${set} { ${fresh.join(', ')} }`] : []),
  ];
}

/** Opens everything that an earlier run isolated. */
export async function removePolicies(runNft: (script: string) => Promise<void>): Promise<void> {
  await runNft((['ip', 'ip6'] as const).map((family) => `add table ${family} ${policyTable}\ndelete table ${family} ${policyTable}\n`).join(''));
}
