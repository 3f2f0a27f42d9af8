import { firstFew, none } from '../../columns/format';
import { ageColumn, column, nameColumn, printer } from '../../columns/printer';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

const hostPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

function addresses({ subsets }: Loose<corev1.Endpoints>): string {
  const all = list(subsets).flatMap((subset) => {
    const ips = list(subset.addresses).map(({ ip = '' }) => ip);
    const ports = list(subset.ports);
    return ports.length === 0 ? ips : ports.flatMap(({ port = 0 }) => ips.map((ip) => hostPort(ip, port)));
  });
  return firstFew(all) || none;
}

export const endpointsPrinter = printer<Loose<corev1.Endpoints>>([nameColumn(), column('Endpoints', addresses), ageColumn()]);
