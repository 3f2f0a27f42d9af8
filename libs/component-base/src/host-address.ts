import { readFileSync } from 'node:fs';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

/** Linux's table of routes: where another system has none, the order of interfaces decides. */
const ROUTES = '/proc/net/route';

type Family = NetworkInterfaceInfo['family'];

/**
 * The address that other machines reach this one at, when none is given: that of the interface with IPv4's
 * default route, as upstream's ChooseHostInterface has it. A machine in several networks, or a container in one that is
 * internal, has others besides, in no order that one could count on. Undefined: it has none of the family but loopback's
 * and those that are good on one link only.
 */
export function hostAddress(family: Family = 'IPv4'): string | undefined {
  return outsideAddress(networkInterfaces(), readRoutes(), family);
}

export function outsideAddress(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>, routes: string, family: Family = 'IPv4'): string | undefined {
  const reachable = (info: NetworkInterfaceInfo): boolean => info.family === family && !info.internal && !(info.family === 'IPv6' && info.scopeid !== 0);
  const outside = Object.entries(interfaces).flatMap(([name, addresses = []]) => addresses.filter(reachable).map(({ address }) => ({ name, address })));
  const gateways = defaultInterfaces(routes);
  return (outside.find(({ name }) => gateways.includes(name)) ?? outside[0])?.address;
}

/** Those whose routes lead anywhere: to 0.0.0.0, with a mask of 0.0.0.0, through a gateway. */
function defaultInterfaces(routes: string): string[] {
  return routes.split('\n').map((line) => line.split('\t')).filter(([, destination, gateway, , , , , mask]) => destination === ANY && mask === ANY && gateway !== ANY).map(([name = '']) => name);
}

const ANY = '00000000';

function readRoutes(): string {
  try {
    return readFileSync(ROUTES, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
