import type { Listed } from './listed-servers';
import type { VirtualServer, VirtualServers } from './virtual-servers';

/** Of UDP and SCTP nothing is waited for, as upstream has it: what is left of them ends with its next packet, by `expire_nodest_conn`. */
const isWaitedFor = (name: string): boolean => name.startsWith('-t ');

/** Real servers that are wanted no more, or were not before, of a virtual server that is. */
function leaving(before: VirtualServers, [name, { realServers }]: readonly [string, VirtualServer]): string[] {
  const known = before.get(name);
  if (known === undefined || !isWaitedFor(name)) return [];
  return [...known.realServers, ...known.draining].filter((server) => !realServers.includes(server));
}

/** Whether it matters who has connections. */
export const hasLeaving = (before: VirtualServers, wanted: VirtualServers): boolean => [...wanted].some((entry) => leaving(before, entry).length > 0);

/**
 * What is to be in the kernel: what is wanted, with the real servers that are not any more but have connections that are to end by themselves (upstream's
 * graceful_termination.go). A virtual server with nobody behind it is none. One whose Service is gone goes at once, whatever is open.
 */
export function withDraining(before: VirtualServers, wanted: VirtualServers, listed: Listed): VirtualServers {
  const found = new Map<string, VirtualServer>();
  for (const entry of wanted) {
    const [name, server] = entry;
    const draining = leaving(before, entry).filter((real) => (listed.get(name)?.realServers.get(real)?.connections ?? 0) > 0);
    if (server.realServers.length + draining.length > 0) found.set(name, { ...server, draining });
  }
  return found;
}
