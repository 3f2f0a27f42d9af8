import { FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { cidrWarnings, ipWarnings } from '../../validation/ip-warnings';

type Service = Loose<corev1.Service>;
type Spec = Loose<corev1.ServiceSpec>;

export const formerTopologyHints = 'service.kubernetes.io/topology-aware-hints';
export const topologyMode = 'service.kubernetes.io/topology-mode';
const specPath = FieldPath.of('spec');

/** Upstream's other notion of headless: of a Service that pods are to be found by, not of an alias. */
const isHeadless = ({ type, clusterIP }: Spec): boolean => type === 'ClusterIP' && clusterIP === 'None';

function ignoredWithoutAddress(spec: Spec): string[] {
  const found: string[] = [];
  if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services');
  if (list(spec.externalIPs).length > 0) found.push('spec.externalIPs is ignored for headless services');
  if (spec.sessionAffinity !== 'None') found.push('spec.SessionAffinity is ignored for headless services');
  return found;
}

const ipListWarnings = (field: 'clusterIPs' | 'externalIPs', ips: readonly string[] | undefined): string[] => list(ips).flatMap((ip, i) => ipWarnings(ip, specPath.child(field).index(i)));

/** What has no effect in a Service, or will have none. Mirrors pkg/api/service/warnings.go. */
export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const found: string[] = [];
  const { type, clusterIP = '', clusterIPs, externalIPs, loadBalancerIP = '', loadBalancerSourceRanges, externalName, trafficDistribution } = spec;
  if (metadata?.annotations?.[formerTopologyHints] !== undefined) found.push(`annotation ${formerTopologyHints} is deprecated, please use ${topologyMode} instead`);
  if (clusterIP !== '' && clusterIP !== 'None') found.push(...ipListWarnings('clusterIPs', clusterIPs));
  if (isHeadless(spec)) found.push(...ignoredWithoutAddress(spec));
  found.push(...ipListWarnings('externalIPs', externalIPs));
  const external = list(externalIPs).length > 0;
  if (external && !isHeadless(spec) && type !== 'ExternalName') found.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  found.push(...ipWarnings(loadBalancerIP, specPath.child('loadBalancerIP')));
  list(loadBalancerSourceRanges).forEach((range, i) => found.push(...cidrWarnings(range, specPath.child('loadBalancerSourceRanges').index(i))));
  if (type === 'ExternalName' && external) found.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== 'ExternalName' && externalName) found.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (trafficDistribution === 'PreferClose') found.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return found;
}

/** Of what a load balancer reports, for a Service or an Ingress: upstream names the entry, not its field. */
export function loadBalancerWarnings({ status }: Loose<{ status: { loadBalancer?: { ingress?: { ip?: string }[] } } }>): string[] {
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  return list(status?.loadBalancer?.ingress).flatMap(({ ip = '' }, i) => ipWarnings(ip, path.index(i)));
}
