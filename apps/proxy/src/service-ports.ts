import type { corev1, discoveryv1 } from '@navarch/api';
import { proxyv1 } from '@navarch/proto';

const protocols: Readonly<Record<string, proxyv1.Protocol>> = { TCP: proxyv1.Protocol.TCP, UDP: proxyv1.Protocol.UDP, SCTP: proxyv1.Protocol.SCTP };
/** Upstream's default for ClientIP affinity. */
const defaultAffinitySeconds = 10_800;
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';

/** True for Services that another proxy, or nobody, serves. */
function isNotOurs({ metadata, spec }: corev1.Service): boolean {
  return spec?.type === 'ExternalName' || spec?.clusterIP === 'None' || (spec?.clusterIP ?? '') === '' || metadata.labels?.[proxyNameLabel] !== undefined;
}

/** What the data plane must know of one Service: pure, from the Service and its EndpointSlices, as seen from one node. */
export function servicePorts(service: corev1.Service, slices: readonly discoveryv1.EndpointSlice[], nodeName: string): proxyv1.ServicePort[] {
  const { metadata, spec } = service;
  if (isNotOurs(service) || spec === undefined) return [];
  const affinity = spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds) : 0;
  const ingress = service.status?.loadBalancer?.ingress?.filter((entry) => (entry.ipMode ?? 'VIP') === 'VIP').map((entry) => entry.ip ?? '') ?? [];
  const addresses = [...(spec.clusterIPs ?? [spec.clusterIP ?? '']), ...(spec.externalIPs ?? []), ...ingress].filter(isIPv4);
  return (spec.ports ?? []).map((port) => {
    const { all, local } = endpointsOf(port, slices, nodeName);
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
    };
  });
}

const isIPv4 = (address: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(address);

function endpointsOf(port: corev1.ServicePort, slices: readonly discoveryv1.EndpointSlice[], nodeName: string): { all: proxyv1.Endpoint[]; local: proxyv1.Endpoint[] } {
  const found: { endpoint: proxyv1.Endpoint; ready: boolean; serving: boolean; local: boolean }[] = [];
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const target = slice.ports?.find((candidate) => (candidate.name ?? '') === (port.name ?? '') && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (target?.port === undefined) continue;
    for (const { addresses, conditions, nodeName: on } of slice.endpoints ?? []) {
      const ready = conditions?.ready !== false;
      const serving = conditions?.serving ?? ready;
      // Only the first address of an endpoint is used, as upstream documents.
      if (addresses[0] !== undefined) found.push({ endpoint: { address: addresses[0], port: target.port }, ready, serving: serving && conditions?.terminating === true, local: on === nodeName });
    }
  }
  // Endpoints that are going away but still serve are better than none.
  const usable = (candidates: typeof found): proxyv1.Endpoint[] => {
    const ready = candidates.filter((candidate) => candidate.ready);
    return unique((ready.length > 0 ? ready : candidates.filter((candidate) => candidate.serving)).map((candidate) => candidate.endpoint));
  };
  return { all: usable(found), local: usable(found.filter((candidate) => candidate.local)) };
}

/** Two slices may name the same endpoint while it moves between them. */
function unique(endpoints: readonly proxyv1.Endpoint[]): proxyv1.Endpoint[] {
  const byKey = new Map(endpoints.map((endpoint) => [`${endpoint.address}:${endpoint.port}`, endpoint]));
  return [...byKey.keys()].sort().map((key) => byKey.get(key) as proxyv1.Endpoint);
}
