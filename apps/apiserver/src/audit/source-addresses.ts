import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { plainAddress } from '@navarch/component-base';

/** Where a request came from, as upstream's `SourceIPs` tells it: what proxies on its way claim, and last who sent it here, whom nobody can make up. */
export function sourceAddresses(headers: IncomingHttpHeaders, peer: string | undefined): string[] {
  const claimed = [headers['x-forwarded-for'] ?? ''].flat().join(',').split(',').flatMap(addressOf);
  const real = [headers['x-real-ip'] ?? ''].flat().slice(0, 1).flatMap(addressOf).filter((address) => !claimed.includes(address));
  const addresses = [...claimed, ...real];
  return [...addresses, ...addressOf(peer ?? '').filter((address) => address !== addresses.at(-1))];
}

function addressOf(text: string): string[] {
  const address = text.trim();
  return isIP(address) === 0 || address.includes('%') ? [] : [plainAddress(address)];
}
