import type { corev1, discoveryv1 } from '@navarch/api';
import { proxyv1 } from '@navarch/proto';
import { categorize, type KnownEndpoint, type NodePlace } from './endpoint-choice';

const protocols: Readonly<Record<string, proxyv1.Protocol>> = { TCP: proxyv1.Protocol.TCP, UDP: proxyv1.Protocol.UDP, SCTP: proxyv1.Protocol.SCTP };
/** Upstream's default for ClientIP affinity. */
const defaultAffinitySeconds = 10_800;
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';

/** True for Services that another proxy, or nobody, serves. */
function isNotOurs({ metadata, spec }: corev1.Service): boolean {
  return spec?.type === 'ExternalName' || spec?.clusterIP === 'None' || (spec?.clusterIP ?? '') === '' || metadata.labels?.[proxyNameLabel] !== undefined;
}

/** What the data plane must know of one Service: pure, from the Service and its EndpointSlices, as seen from one node. */
export function servicePorts(service: corev1.Service, slices: readonly discoveryv1.EndpointSlice[], place: NodePlace): proxyv1.ServicePort[] {
  const { metadata, spec } = service;
  if (isNotOurs(service) || spec === undefined) return [];
  const affinity = spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds) : 0;
  const ingress = (service.status?.loadBalancer?.ingress ?? []).filter((entry) => (entry.ipMode ?? 'VIP') === 'VIP').map((entry) => entry.ip ?? '').filter(isIPv4);
  const addresses = [...(spec.clusterIPs ?? [spec.clusterIP ?? '']), ...(spec.externalIPs ?? []), ...ingress].filter(isIPv4);
  return (spec.ports ?? []).map((port) => {
    const { all, local } = categorize(endpointsOf(port, slices, place.nodeName), place);
    return {
      id: `${metadata.namespace ?? ''}/${metadata.name ?? ''}:${port.name ?? ''}`,
      protocol: protocols[port.protocol ?? 'TCP'] ?? proxyv1.Protocol.TCP,
      addresses: [...new Set(addresses)],
      port: port.port,
      nodePort: port.nodePort ?? 0,
      endpoints: all,
      localEndpoints: local,
      internalLocal: spec.internalTrafficPolicy === 'Local',
      externalLocal: spec.externalTrafficPolicy === 'Local',
      affinitySeconds: affinity,
      loadBalancerAddresses: spec.type === 'LoadBalancer' ? [...new Set(ingress)] : [],
      loadBalancerSourceRanges: spec.type === 'LoadBalancer' ? (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter((range) => isIPv4(range.split('/')[0] ?? '')) : [],
    };
  });
}

/** The port on which a load balancer asks whether this node has endpoints; undefined where the Service wants none. */
export function healthCheckPort(service: corev1.Service): number | undefined {
  const { spec } = service;
  if (isNotOurs(service) || spec?.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return undefined;
  return (spec.healthCheckNodePort ?? 0) > 0 ? spec.healthCheckNodePort : undefined;
}

/** Slices of headless Services, which no proxy serves; upstream's proxies do not even watch them. */
export const isHeadlessSlice = (slice: discoveryv1.EndpointSlice): boolean => slice.metadata.labels?.[headlessLabel] !== undefined;

const isIPv4 = (address: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(address);

function endpointsOf(port: corev1.ServicePort, slices: readonly discoveryv1.EndpointSlice[], nodeName: string): KnownEndpoint[] {
  const found: KnownEndpoint[] = [];
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4' || isHeadlessSlice(slice)) continue;
    const target = slice.ports?.find((candidate) => (candidate.name ?? '') === (port.name ?? '') && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (target?.port === undefined) continue;
    for (const { addresses, conditions, nodeName: on, hints } of slice.endpoints ?? []) {
      const ready = conditions?.ready !== false;
      const [address] = addresses;
      // Only the first address of an endpoint is used, as upstream documents.
      if (address === undefined) continue;
      found.push({
        address, port: target.port, ready, serving: conditions?.serving ?? ready, terminating: conditions?.terminating === true, local: on === nodeName,
        zones: (hints?.forZones ?? []).map(({ name }) => name), nodes: (hints?.forNodes ?? []).map(({ name }) => name),
      });
    }
  }
  return found;
}
