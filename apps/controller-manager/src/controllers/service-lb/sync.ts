import type { corev1 } from '@navarch/api';
import { canonicalAddress, familyOf } from '@navarch/apimachinery';
import type { AddressPool } from './address-pool';

export const LB_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
/** Services of this class, and those of none, are ours. */
export const LB_CLASS = 'navarch.io/local';

export type BalancerPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'ensure'; readonly ips: readonly string[] }
  | { readonly kind: 'refuse'; readonly message: string }
  | { readonly kind: 'release' };

/** The addresses that a Service's load balancer has. */
export const balancerAddresses = ({ status }: corev1.Service): string[] => (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [canonicalAddress(ip)]));

/** Whether a Service is to have a load balancer of this controller. */
export function wantsBalancer({ metadata, spec }: corev1.Service): boolean {
  const { loadBalancerClass = LB_CLASS } = spec ?? {};
  return spec?.type === 'LoadBalancer' && loadBalancerClass === LB_CLASS && metadata.deletionTimestamp === undefined;
}

/** Decides what a Service's load balancer needs: an address of each of its families that there is a range for. `taken` are the addresses of all others. */
export function planBalancer(service: corev1.Service, taken: ReadonlySet<string>, pools: readonly AddressPool[]): BalancerPlan {
  const { metadata: { finalizers = [] }, spec, status } = service;
  const isOurs = finalizers.includes(LB_FINALIZER);
  if (!wantsBalancer(service)) return isOurs ? { kind: 'release' } : { kind: 'nothing' };
  const families = spec?.ipFamilies ?? ['IPv4'];
  const ours = families.flatMap((family) => pools.find((pool) => pool.family === family) ?? []);
  if (ours.length === 0) return { kind: 'refuse', message: `there is no range of ${families.join(' or ')} addresses` };
  const wanted = canonicalAddress(spec?.loadBalancerIP ?? '');
  if (wanted !== '') {
    if (!ours.some((pool) => pool.includes(wanted))) return { kind: 'refuse', message: `${wanted} is not in ${(ours.find(({ family }) => family === familyOf(wanted)) ?? ours[0])?.range ?? ''}` };
    if (taken.has(wanted)) return { kind: 'refuse', message: `${wanted} is in use by another Service` };
  }
  const ips: string[] = [];
  for (const pool of ours) {
    const present = balancerAddresses(service).find((address) => pool.includes(address) && !taken.has(address));
    const ip = wanted !== '' && pool.includes(wanted) ? wanted : (present ?? pool.free(taken));
    if (ip === undefined) return { kind: 'refuse', message: `no address of ${pool.range} is free` };
    ips.push(ip);
  }
  const ingress = status?.loadBalancer?.ingress ?? [];
  const isSet = ingress.length === ips.length && ingress.every(({ ip, ipMode }, index) => ip === ips[index] && ipMode === 'VIP');
  return isOurs && isSet ? { kind: 'nothing' } : { kind: 'ensure', ips };
}
