import { addressAt, canonicalAddress, formatIpRange, inRange, parseIpRange, rangeSize } from '@navarch/apimachinery';
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

/** Whether they are all answered: the kernel forgets what it answers with a network device that goes, and anybody can flush it. True where there is nothing to answer. */
export async function answersNeighbours(run: RunCommand, range: string): Promise<boolean> {
  const addresses = answeredAddresses(range);
  const device = await deviceOf(run, range);
  if (addresses === undefined || device === undefined) return true;
  if ((await run('sysctl', ['-n', `net/ipv6/conf/${device}/proxy_ndp`])).trim() !== '1') return false;
  const answered = new Set((await answersIn(run, range)).filter(({ dev }) => dev === device).map(({ dst }) => canonicalAddress(dst)));
  return addresses.every((address) => answered.has(canonicalAddress(address)));
}

/** Leaves the answers to another machine. */
export async function leaveNeighbours(run: RunCommand, range: string): Promise<void> {
  const ours = await answersIn(run, range);
  if (ours.length > 0) await run('ip', ['-6', '-batch', '-'], ours.map(({ dst, dev }) => `neigh del proxy ${dst} dev ${dev}\n`).join(''));
}

async function answersIn(run: RunCommand, range: string): Promise<{ dst: string; dev: string }[]> {
  const known = JSON.parse((await run('ip', ['-6', '-j', 'neigh', 'show', 'proxy'])) || '[]') as { dst: string; dev: string }[];
  return known.filter(({ dst }) => inRange(dst, range));
}

/** The network that a range is part of: the narrowest that is no route by way of others. */
async function deviceOf(run: RunCommand, range: string): Promise<string | undefined> {
  const routes = JSON.parse((await run('ip', ['-6', '-j', 'route', 'show', 'match', range, 'table', 'main'])) || '[]') as { dst: string; dev?: string; gateway?: string }[];
  const bitsOf = (destination: string): number => Number(destination.split('/')[1] ?? 128);
  const [narrowest] = routes.filter(({ dst, gateway }) => gateway === undefined && dst !== 'default').sort((a, b) => bitsOf(b.dst) - bitsOf(a.dst));
  return narrowest?.dev;
}
