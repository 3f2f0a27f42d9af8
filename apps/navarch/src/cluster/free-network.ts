import { BlockList, isIPv4 } from 'node:net';

/** An IPv4 network: address and prefix length. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** `10.1.0.0/16`; an address alone is a network of one. Undefined for anything else. */
function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix = '32'] = text.split('/');
  const length = Number(prefix);
  return isIPv4(address) && Number.isInteger(length) && length >= 0 && length <= 32 ? { address, prefix: length } : undefined;
}

function contains(outer: Network, inner: Network): boolean {
  if (outer.prefix > inner.prefix) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix);
  return list.check(inner.address);
}

const overlap = (a: Network, b: Network): boolean => contains(a, b) || contains(b, a);

/** Destinations of `ip -4 route show table all`, the default route left out. */
export function routedNetworks(routes: string): Network[] {
  return routes.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const destination = ['local', 'broadcast', 'unicast', 'blackhole', 'unreachable', 'prohibit', 'throw'].includes(words[0] ?? '') ? words[1] : words[0];
    const network = parseNetwork(destination ?? '');
    return network === undefined || network.prefix === 0 ? [] : [network];
  });
}

/**
 * The first candidate that nothing on the host uses. One inside a wider route (a company's 10.0.0.0/8) is the second
 * choice: the narrower route that a cluster adds wins. Never one with a route inside it, nor one of another cluster.
 */
export function chooseNetwork(candidates: readonly string[], routed: readonly Network[], reserved: readonly string[]): string | undefined {
  const taken = reserved.flatMap((text) => parseNetwork(text) ?? []);
  const possible = candidates.filter((text) => {
    const candidate = parseNetwork(text);
    return candidate !== undefined && !taken.some((other) => overlap(candidate, other)) && !routed.some((route) => contains(candidate, route));
  });
  return possible.find((text) => !routed.some((route) => overlap(parseNetwork(text) as Network, route))) ?? possible[0];
}
