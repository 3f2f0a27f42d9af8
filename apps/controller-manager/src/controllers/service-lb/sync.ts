import type { corev1 } from '@navarch/api';
import type { AddressPool } from './address-pool';

export const LB_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
/** Services of this class, and those of none, are ours. */
export const LB_CLASS = 'navarch.io/local';

export type BalancerPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'ensure'; readonly ip: string }
  | { readonly kind: 'refuse'; readonly message: string }
  | { readonly kind: 'release' };

/** The addresses that a Service's load balancer has. */
export const balancerAddresses = ({ status }: corev1.Service): string[] => (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));

/** Whether a Service is to have a load balancer of this controller. */
export function wantsBalancer({ metadata, spec }: corev1.Service): boolean {
  const { loadBalancerClass = LB_CLASS } = spec ?? {};
  return spec?.type === 'LoadBalancer' && loadBalancerClass === LB_CLASS && metadata.deletionTimestamp === undefined;
}

/** Decides what a Service's load balancer needs; `taken` are the addresses of all others. */
export function planBalancer(service: corev1.Service, taken: ReadonlySet<string>, pool: AddressPool): BalancerPlan {
  const { metadata: { finalizers = [] }, spec, status } = service;
  const isOurs = finalizers.includes(LB_FINALIZER);
  if (!wantsBalancer(service)) return isOurs ? { kind: 'release' } : { kind: 'nothing' };
  const wanted = spec?.loadBalancerIP ?? '';
  if (wanted !== '') {
    if (!pool.includes(wanted)) return { kind: 'refuse', message: `${wanted} is not in ${pool.range}` };
    if (taken.has(wanted)) return { kind: 'refuse', message: `${wanted} is in use by another Service` };
  }
  const present = balancerAddresses(service).find((address) => pool.includes(address) && !taken.has(address));
  const ip = wanted === '' ? (present ?? pool.free(taken)) : wanted;
  if (ip === undefined) return { kind: 'refuse', message: `no address of ${pool.range} is free` };
  const ingress = status?.loadBalancer?.ingress ?? [];
  const isSet = ingress.length === 1 && ingress[0]?.ip === ip && ingress[0].ipMode === 'VIP';
  return isOurs && isSet ? { kind: 'nothing' } : { kind: 'ensure', ip };
}
