import { addressAt, formatIpRange, inRange, parseIpRange, rangeSize } from '@navarch/apimachinery';
import type { RunCommand } from './run-command';

/** For each address the kernel keeps an entry, and hears a group of its own. */
const mostAddresses = 256n;

/** The addresses of a range that load balancers may have; undefined where they are too many to be answered for one by one. */
export function answeredAddresses(range: string): string[] | undefined {
  const parsed = parseIpRange(range);
  if (parsed === undefined || rangeSize(parsed) > mostAddresses) return undefined;
  return Array.from({ length: Math.max(0, Number(rangeSize(parsed)) - 2) }, (_, index) => {
    const address = addressAt(parsed, BigInt(index + 1));
    return formatIpRange({ address, bits: address.length * 8 }).replace(/\/\d+$/, '');
  });
}

/**
 * Answers the neighbours' questions who has the addresses of an IPv6 range (NDP): a local route, which makes the kernel answer those of IPv4, does
 * not for IPv6. Does nothing where the range is on no network of this machine's, or too large.
 */
export async function answerNeighbours(run: RunCommand, range: string): Promise<void> {
  const addresses = answeredAddresses(range);
  const device = await deviceOf(run, range);
  if (addresses === undefined || device === undefined) return;
  // At once: a router that answers for others would take its time, as there may be several of it.
  await run('sysctl', ['-q', '-w', `net/ipv6/conf/${device}/proxy_ndp=1`, `net/ipv6/neigh/${device}/proxy_delay=0`]);
  await run('ip', ['-6', '-batch', '-'], addresses.map((address) => `neigh replace proxy ${address} dev ${device}\n`).join(''));
}

/** Leaves the answers to another machine. */
export async function leaveNeighbours(run: RunCommand, range: string): Promise<void> {
  const known = JSON.parse((await run('ip', ['-6', '-j', 'neigh', 'show', 'proxy'])) || '[]') as { dst: string; dev: string }[];
  const ours = known.filter(({ dst }) => inRange(dst, range));
  if (ours.length > 0) await run('ip', ['-6', '-batch', '-'], ours.map(({ dst, dev }) => `neigh del proxy ${dst} dev ${dev}\n`).join(''));
}

/** The network that a range is part of: the narrowest that is no route by way of others. */
async function deviceOf(run: RunCommand, range: string): Promise<string | undefined> {
  const routes = JSON.parse((await run('ip', ['-6', '-j', 'route', 'show', 'match', range, 'table', 'main'])) || '[]') as { dst: string; dev?: string; gateway?: string }[];
  const bitsOf = (destination: string): number => Number(destination.split('/')[1] ?? 128);
  const [narrowest] = routes.filter(({ dst, gateway }) => gateway === undefined && dst !== 'default').sort((a, b) => bitsOf(b.dst) - bitsOf(a.dst));
  return narrowest?.dev;
}
