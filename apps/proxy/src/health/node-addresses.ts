import { networkInterfaces } from 'node:os';
import { inRange } from '@navarch/apimachinery';

/** This machine's addresses now that are in one of the ranges of --nodeport-addresses, as upstream chooses where to listen; undefined, which is everywhere, without ranges. */
export function nodeAddressesIn(ranges: readonly string[] | undefined, interfaces = networkInterfaces()): string[] | undefined {
  if (ranges === undefined) return undefined;
  const addresses = Object.values(interfaces).flatMap((each) => (each ?? []).map(({ address }) => address));
  return addresses.filter((address) => ranges.some((range) => inRange(address, range)));
}
