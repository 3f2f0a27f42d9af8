import type { corev1 } from '@navarch/api';
import { canonicalJson } from '@navarch/reconcile';
import { LB_CLASS } from './sync';

type Service = corev1.Service;

export interface ChangeEvent {
  readonly reason: string;
  readonly message: string;
}

/** On its way out as well. */
const isBalanced = ({ spec }: Service): boolean => spec?.type === 'LoadBalancer' && (spec.loadBalancerClass ?? LB_CLASS) === LB_CLASS;

/** As Go prints a list. */
const listed = (items: readonly string[] = []): string => `[${items.join(' ')}]`;
const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);
/** What a balancer sees of ports. */
const outside = (ports: readonly corev1.ServicePort[] = []): unknown => ports.map(({ name, protocol, port, nodePort }) => [name ?? '', protocol ?? '', port, nodePort ?? 0]);

/**
 * What is told of a Service that has, or had, a load balancer when it changes: the first of its differences that counts, if that is one to tell of.
 * Mirrors needsUpdate of upstream's cloud service controller.
 */
export function changeEvent(before: Service, after: Service): ChangeEvent | undefined {
  if (isBalanced(before) !== isBalanced(after)) return { reason: 'Type', message: `${before.spec?.type ?? ''} -> ${after.spec?.type ?? ''}` };
  return isBalanced(after) ? differenceOf(before, after) : undefined;
}

function differenceOf(before: Service, after: Service): ChangeEvent | undefined {
  const [old, now] = [before.spec ?? {}, after.spec ?? {}];
  if (!same(old.loadBalancerSourceRanges, now.loadBalancerSourceRanges)) {
    return { reason: 'LoadBalancerSourceRanges', message: `${listed(old.loadBalancerSourceRanges)} -> ${listed(now.loadBalancerSourceRanges)}` };
  }
  // These are acted upon, and not told of.
  if (!same(outside(old.ports), outside(now.ports)) || old.sessionAffinity !== now.sessionAffinity || !same(old.sessionAffinityConfig, now.sessionAffinityConfig)) return undefined;
  if ((old.loadBalancerIP ?? '') !== (now.loadBalancerIP ?? '')) return { reason: 'LoadbalancerIP', message: `${old.loadBalancerIP ?? ''} -> ${now.loadBalancerIP ?? ''}` };
  const [oldIps, nowIps] = [old.externalIPs ?? [], now.externalIPs ?? []];
  if (oldIps.length !== nowIps.length) return { reason: 'ExternalIP', message: `Count: ${oldIps.length} -> ${nowIps.length}` };
  const added = nowIps.find((ip, index) => ip !== oldIps[index]);
  if (added !== undefined) return { reason: 'ExternalIP', message: `Added: ${added}` };
  if (!same(before.metadata.annotations, after.metadata.annotations)) return undefined;
  if (before.metadata.uid !== after.metadata.uid) return { reason: 'UID', message: `${before.metadata.uid ?? ''} -> ${after.metadata.uid ?? ''}` };
  if (old.externalTrafficPolicy !== now.externalTrafficPolicy) return { reason: 'ExternalTrafficPolicy', message: `${old.externalTrafficPolicy ?? ''} -> ${now.externalTrafficPolicy ?? ''}` };
  if ((old.healthCheckNodePort ?? 0) !== (now.healthCheckNodePort ?? 0)) return { reason: 'HealthCheckNodePort', message: `${old.healthCheckNodePort ?? 0} -> ${now.healthCheckNodePort ?? 0}` };
  return undefined;
}
