import { parseAddress } from '@navarch/apimachinery';

/** Upstream's word for the addresses that the Node itself names. */
const primary = 'primary';

/**
 * Where node ports are served: asked for the ranges of --nodeport-addresses, or for the node's own addresses as ranges; undefined as long as the node
 * does not tell those. Throws for a flag that means both.
 */
export function nodePortRanges(given: readonly string[], ownAddresses: () => readonly string[]): () => readonly string[] | undefined {
  if (!given.includes(primary)) return () => given;
  if (given.length > 1) throw new Error(`--nodeport-addresses: "${primary}" must be the only value`);
  return () => {
    const ranges = ownAddresses().filter((address) => parseAddress(address) !== undefined).map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
    return ranges.length === 0 ? undefined : ranges;
  };
}
