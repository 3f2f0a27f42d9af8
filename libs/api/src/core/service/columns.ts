import { formatLabels, none } from '../../columns/format';
import { ageColumn, column, nameColumn, printer, wideColumn } from '../../columns/printer';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

type Service = Loose<corev1.Service>;

/** Addresses that a load balancer has, each once. */
export function loadBalancerAddresses(status: Loose<{ ingress?: { ip?: string; hostname?: string }[] }> | undefined): string[] {
  return [...new Set(list(status?.ingress).flatMap(({ ip, hostname }) => ip || hostname || []))].sort();
}

function externalIp({ spec, status }: Service): string {
  const own = list(spec?.externalIPs);
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own.length > 0 ? own.join(',') : none;
    case 'LoadBalancer': {
      const all = [...loadBalancerAddresses(status?.loadBalancer), ...own];
      return all.length > 0 ? all.join(',') : '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function ports({ spec }: Service): string {
  const texts = list(spec?.ports).map(({ port = 0, nodePort, protocol = '' }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`));
  return texts.length === 0 ? none : texts.join(',');
}

export const servicePrinter = printer<Service>([
  nameColumn(),
  column('Type', ({ spec }) => spec?.type ?? ''),
  column('Cluster-IP', ({ spec }) => list(spec?.clusterIPs)[0] ?? none),
  column('External-IP', externalIp),
  column('Port(s)', ports),
  ageColumn(),
  wideColumn('Selector', ({ spec }) => formatLabels(spec?.selector)),
]);
