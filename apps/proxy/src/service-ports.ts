import type { corev1, discoveryv1 } from '@navarch/api';
import { canonicalAddress, familyOf, inRange, parseAddress, type IpFamily } from '@navarch/apimachinery';
import { proxyv1 } from '@navarch/proto';
import { families } from './backends/family-words';
import { categorize, keptBeside, type KnownEndpoint, type NodePlace } from './endpoint-choice';

const protocols: Readonly<Record<string, proxyv1.Protocol>> = { TCP: proxyv1.Protocol.TCP, UDP: proxyv1.Protocol.UDP, SCTP: proxyv1.Protocol.SCTP };
/** Upstream's default for ClientIP affinity. */
const defaultAffinitySeconds = 10_800;
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';

/** True for what bears the label of another proxy, or one that says that no proxy is to serve it; upstream's does not even watch such Services and slices. */
const isOthers = ({ metadata: { labels } }: corev1.Service | discoveryv1.EndpointSlice): boolean => labels?.[headlessLabel] !== undefined || labels?.[proxyNameLabel] !== undefined;

/** True for Services that another proxy, or nobody, serves. */
function isNotOurs(service: corev1.Service): boolean {
  const { spec } = service;
  return spec?.type === 'ExternalName' || spec?.clusterIP === 'None' || (spec?.clusterIP ?? '') === '' || isOthers(service);
}

/** What the data plane must know of one Service: pure, from the Service and its EndpointSlices, as seen from one node. */
export function servicePorts(service: corev1.Service, slices: readonly discoveryv1.EndpointSlice[], place: NodePlace): proxyv1.ServicePort[] {
  const { spec } = service;
  if (isNotOurs(service) || spec === undefined) return [];
  return (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter(isAddress).flatMap((clusterIp) => portsOfFamily(service, familyOf(clusterIp), clusterIp, slices, place));
}

/** A Service of two families is two: each with addresses, endpoints, and clients of its own. */
function portsOfFamily({ metadata, spec, status }: corev1.Service, family: IpFamily, clusterIp: string, slices: readonly discoveryv1.EndpointSlice[], place: NodePlace): proxyv1.ServicePort[] {
  const affinity = spec?.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds) : 0;
  const ofFamily = (address: string): boolean => isAddress(address) && familyOf(address) === family;
  const ingress = (status?.loadBalancer?.ingress ?? []).filter((entry) => (entry.ipMode ?? 'VIP') === 'VIP').map((entry) => entry.ip ?? '').filter(ofFamily).map(canonical);
  const addresses = [...new Set([canonical(clusterIp), ...(spec?.externalIPs ?? []).filter(ofFamily).map(canonical), ...ingress])];
  const sources = (spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter((range) => ofFamily(range.split('/')[0] ?? ''));
  const balanced = spec?.type === 'LoadBalancer';
  const balancers = balanced ? [...new Set(ingress)] : [];
  return (spec?.ports ?? []).map((port) => {
    const known = endpointsOf(port, family, slices, place.nodeName);
    const chosen = categorize(known, place);
    return {
      id: `${metadata.namespace ?? ''}/${metadata.name ?? ''}:${port.name ?? ''}${family === 'IPv6' ? '/IPv6' : ''}`,
      protocol: protocols[port.protocol ?? 'TCP'] ?? proxyv1.Protocol.TCP,
      addresses,
      port: port.port,
      nodePort: port.nodePort ?? 0,
      endpoints: chosen.all,
      localEndpoints: chosen.local,
      internalLocal: spec?.internalTrafficPolicy === 'Local',
      externalLocal: spec?.externalTrafficPolicy === 'Local',
      affinitySeconds: affinity,
      loadBalancerAddresses: balancers,
      loadBalancerSourceRanges: balanced ? [...sources, ...ownSources(sources, balancers, place)] : [],
      // Connections go on by themselves.
      keptEndpoints: (port.protocol ?? 'TCP') === 'TCP' ? [] : keptBeside(chosen, known),
    };
  });
}

/**
 * A node that has a load balancer's address itself, by a route or on an interface, asks it from that same address: where the node may come in, that
 * one may, as in upstream's back ends.
 */
function ownSources(ranges: readonly string[], balancers: readonly string[], { addresses = [] }: NodePlace): string[] {
  if (!ranges.some((range) => addresses.some((address) => inRange(address, range)))) return [];
  return balancers.map((address) => `${address}/${familyOf(address) === 'IPv6' ? 128 : 32}`);
}

/** The port on which a load balancer asks whether this node has endpoints; undefined where the Service wants none. */
export function healthCheckPort(service: corev1.Service): number | undefined {
  const { spec } = service;
  if (isNotOurs(service) || spec?.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return undefined;
  return (spec.healthCheckNodePort ?? 0) > 0 ? spec.healthCheckNodePort : undefined;
}

/**
 * How many ready endpoints a Service has on a node, for load balancers. Those that are going away still serve, but nothing more shall be sent their way; a pod
 * has an address of each family and several ports, and is one endpoint.
 */
export function localReadyEndpoints({ spec }: corev1.Service, slices: readonly discoveryv1.EndpointSlice[], nodeName: string): number {
  const ofFamily = (family: IpFamily): number => {
    const found = (spec?.ports ?? []).flatMap((port) => endpointsOf(port, family, slices, nodeName));
    return new Set(found.filter(({ ready, local }) => ready && local).map(({ address }) => address)).size;
  };
  return Math.max(...families.map(ofFamily));
}

const isAddress = (address: string): boolean => parseAddress(address) !== undefined;
/** The kernel's programs write addresses in one way. IPv4 has no other. */
const canonical = (address: string): string => (address.includes(':') ? canonicalAddress(address) : address);

function endpointsOf(port: corev1.ServicePort, family: IpFamily, slices: readonly discoveryv1.EndpointSlice[], nodeName: string): KnownEndpoint[] {
  const found: KnownEndpoint[] = [];
  for (const slice of slices) {
    if (slice.addressType !== family || isOthers(slice)) continue;
    const target = slice.ports?.find((candidate) => (candidate.name ?? '') === (port.name ?? '') && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (target?.port === undefined) continue;
    for (const { addresses, conditions, nodeName: on, hints } of slice.endpoints ?? []) {
      const ready = conditions?.ready !== false;
      const [address] = addresses;
      // Only the first address of an endpoint is used, as upstream documents.
      if (address === undefined) continue;
      found.push({
        address: canonical(address), port: target.port, ready, serving: conditions?.serving ?? ready, terminating: conditions?.terminating === true, local: on === nodeName,
        zones: (hints?.forZones ?? []).map(({ name }) => name), nodes: (hints?.forNodes ?? []).map(({ name }) => name),
      });
    }
  }
  return found;
}
