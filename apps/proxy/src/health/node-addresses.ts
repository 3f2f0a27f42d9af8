import { networkInterfaces } from 'node:os';
import { inRange } from '@navarch/apimachinery';

/**
 * This machine's addresses now that are in one of the ranges of --nodeport-addresses, as upstream chooses where to listen; undefined,
 * which is everywhere, without ranges or with one of all addresses. An address that is good on one link only is none to be asked at.
 */
export function nodeAddressesIn(ranges: readonly string[], interfaces = networkInterfaces()): string[] | undefined {
  if (ranges.length === 0 || ranges.some((range) => range.endsWith('/0'))) return undefined;
  const addresses = Object.values(interfaces).flatMap((each) => (each ?? []).map(({ address }) => address));
  return addresses.filter((address) => !inRange(address, 'fe80::/10') && ranges.some((range) => inRange(address, range)));
}
