import { inRange, type IpFamily } from '@navarch/apimachinery';
import type { FamilyWords } from '../family-words';
import type { RunCommand } from '../run-command';

const loopbackNet = '127.0.0.0';
/** By it the kernel lets loopback addresses leave the node, and come back: what is asked on 127.0.0.1 goes on to a pod. */
const routeLocalnet = '/proc/sys/net/ipv4/conf/all/route_localnet';

/** An empty chain that tells a later run that it was us who made the kernel route loopback addresses. */
export const openedChain = 'NAVARCH-LOCALNET-OPENED';

/** Whether the addresses of node ports are some of loopback too; of IPv6 the kernel never routes them (upstream's NodePortAddresses.ContainsIPv4Loopback). */
export function containsLoopback(family: IpFamily, ranges: readonly string[] | undefined): boolean {
  if (family !== 'IPv4') return false;
  return ranges === undefined || ranges.some((range) => inRange(range.split('/')[0] ?? '', `${loopbackNet}/8`) || inRange(loopbackNet, range));
}

/** A kernel that routes loopback addresses would let neighbours ask servers that listen there only: nobody comes in but by a node port (kubernetes/kubernetes#90259). */
export const localhostGuard = ({ loopback }: FamilyWords): string[] => [`-d ${loopback} ! -s ${loopback} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`];

/** Whether the kernel routes loopback addresses now. Rejects where that could not be changed, as in a container with settings that are read only. */
export async function routesLoopback(run: RunCommand): Promise<boolean> {
  return (await run('sh', ['-c', `test -w ${routeLocalnet} && cat ${routeLocalnet}`])).trim() === '1';
}

export async function routeLoopback(run: RunCommand, on: boolean): Promise<void> {
  await run('sh', ['-c', `echo ${on ? 1 : 0} > ${routeLocalnet}`]);
}
