import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { KernelRoutes } from './network-agent';
import type { Route, RouteAction } from './routes';

const execute = promisify(execFile);
/** Marks routes as ours in the kernel, so that nobody else's are touched (see `ip route show proto 242`). */
const protocol = '242';

const ip = async (...args: string[]): Promise<string> => {
  const { stdout } = await execute('ip', args, { env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  return stdout;
};

/** Our routes in this network namespace. `scope` limits them to one pod range, where a host carries several clusters. */
async function readRoutes(scope: (destination: string) => boolean): Promise<Route[]> {
  const listed = JSON.parse((await ip('-4', '-j', 'route', 'show', 'proto', protocol)) || '[]') as { dst: string; gateway?: string }[];
  return listed.filter(({ dst, gateway }) => gateway !== undefined && scope(dst)).map(({ dst, gateway }) => ({ destination: dst.includes('/') ? dst : `${dst}/32`, via: gateway as string }));
}

async function carryOut({ kind, route }: RouteAction): Promise<void> {
  if (kind === 'delete') await ip('route', 'del', route.destination, 'via', route.via, 'proto', protocol);
  else await ip('route', 'replace', route.destination, 'via', route.via, 'proto', protocol);
}

/** The kernel's, by iproute2. */
export const kernelRoutes: KernelRoutes = { read: readRoutes, carryOut };
