import { formatSelector, none } from '../columns/format';
import { ageColumn, column, nameColumn, type Printer, printer } from '../columns/printer';
import { loadBalancerAddresses } from '../core/service/columns';
import type { networkingv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Ingress = Loose<networkingv1.Ingress>;

const maxHosts = 3;

function hosts({ spec }: Ingress): string {
  const named: string[] = [];
  let more = false;
  for (const { host } of list(spec?.rules)) {
    if (named.length === maxHosts) more = true;
    else if (host) named.push(host);
  }
  if (named.length === 0) return '*';
  return more ? `${named.join(',')} + ${list(spec?.rules).length - maxHosts} more...` : named.join(',');
}

function parameters({ spec }: Loose<networkingv1.IngressClass>): string {
  const reference = spec?.parameters;
  if (!reference) return none;
  const group = reference.apiGroup ? `.${reference.apiGroup}` : '';
  return `${reference.kind ?? ''}${group}/${reference.name ?? ''}`;
}

function parent({ spec }: Loose<networkingv1.IPAddress>): string {
  const reference = spec?.parentRef;
  if (!reference) return none;
  const { group, resource, namespace, name } = reference;
  return [`${resource ?? ''}${group ? `.${group}` : ''}`, namespace, name].filter(Boolean).join('/');
}

/** By `<group>/<resource>`. */
export const networkingColumns: Readonly<Record<string, Printer>> = {
  'networking.k8s.io/ingresses': printer<Ingress>([
    nameColumn(),
    column('Class', ({ spec }) => spec?.ingressClassName ?? none),
    column('Hosts', hosts),
    column('Address', ({ status }) => loadBalancerAddresses(status?.loadBalancer).join(',')),
    column('Ports', ({ spec }) => (list(spec?.tls).length > 0 ? '80, 443' : '80')),
    ageColumn(),
  ]),
  'networking.k8s.io/ingressclasses': printer<Loose<networkingv1.IngressClass>>([
    nameColumn(),
    column('Controller', ({ spec }) => spec?.controller ?? ''),
    column('Parameters', parameters),
    ageColumn(),
  ]),
  'networking.k8s.io/ipaddresses': printer<Loose<networkingv1.IPAddress>>([nameColumn(), column('ParentRef', parent), ageColumn()]),
  'networking.k8s.io/networkpolicies': printer<Loose<networkingv1.NetworkPolicy>>([
    nameColumn(),
    column('Pod-Selector', ({ spec }) => formatSelector(spec?.podSelector)),
    ageColumn(),
  ]),
  'networking.k8s.io/servicecidrs': printer<Loose<networkingv1.ServiceCIDR>>([nameColumn(), column('CIDRs', ({ spec }) => list(spec?.cidrs).join(',')), ageColumn()]),
};
