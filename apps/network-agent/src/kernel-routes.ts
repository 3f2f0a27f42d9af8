import { answerNeighbours, answersNeighbours, leaveNeighbours } from './neighbour-answers';
import type { KernelRoutes } from './network-agent';
import { isIPv6Range, type Route } from './routes';
import type { RunCommand } from './run-command';

/** Marks routes as ours in the kernel, so that nobody else's are touched (see `ip route show proto 242`). */
const protocol = '242';

/** The kernel's, by iproute2. */
export function kernelRoutes(run: RunCommand): KernelRoutes {
  const ip = (...args: string[]): Promise<string> => run('ip', args);
  const familyOf = (destination: string): string => (isIPv6Range(destination) ? '-6' : '-4');
  const listed = async (family: '-4' | '-6', table: 'main' | 'local'): Promise<Route[]> => {
    const routes = JSON.parse((await ip(family, '-j', 'route', 'show', 'table', table, 'proto', protocol)) || '[]') as {
      type?: string;
      dst: string;
      gateway?: string;
      dev?: string;
      flags?: string[];
    }[];
    const bits = family === '-4' ? 32 : 128;
    return routes.flatMap(({ dst, gateway, dev, flags = [] }) => (table === 'main' && gateway === undefined ? [] : [{
      destination: dst.includes('/') ? dst : `${dst}/${bits}`, via: gateway, ...(flags.includes('onlink') && dev !== undefined ? { device: dev } : {}),
    }]));
  };
  return {
    read: async (scope) => {
      const all = await Promise.all((['-4', '-6'] as const).flatMap((family) => (['main', 'local'] as const).map((table) => listed(family, table))));
      return Promise.all(all.flat().filter(({ destination }) => scope(destination)).map(async (route) => {
        if (route.via !== undefined || !isIPv6Range(route.destination)) return route;
        // Where that cannot be told, putting the answers there tells what is wrong, and keeps no other route from being looked after.
        const isWhole = await answersNeighbours(run, route.destination).catch(() => false);
        return isWhole ? route : { ...route, unanswered: true as const };
      }));
    },
    carryOut: async ({ kind, route: { destination, via, device } }) => {
      const verb = kind === 'delete' ? 'del' : 'replace';
      if (via === undefined) {
        const six = isIPv6Range(destination);
        // The route comes first, and goes last: it is what tells that neighbours may get answers which are to be looked after, or taken back.
        if (six && kind === 'delete') await leaveNeighbours(run, destination);
        // Every address of the range is the machine's own, without one of them being configured.
        await ip(familyOf(destination), 'route', verb, 'local', destination, 'dev', 'lo', 'proto', protocol);
        if (six && kind === 'replace') await answerNeighbours(run, destination);
        return;
      }
      // Behind a tunnel the gateway is on no network of this node's: the kernel must take our word for it.
      const through = device === undefined ? [] : ['dev', device, 'onlink'];
      await ip(familyOf(destination), 'route', verb, destination, 'via', via, ...(kind === 'delete' ? [] : through), 'proto', protocol);
    },
  };
}
