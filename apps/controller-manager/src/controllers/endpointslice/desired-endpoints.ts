import type { corev1, discoveryv1 } from '@navarch/api';
import { isPodReady } from '@navarch/reconcile';
import { canBeEndpoint, findPort, hostnameIn, podIps, podReference } from '../../services/service-pods';
import { wantsTopologyHints } from './topology-hints';

export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share their ports, and so may share slices. */
export interface EndpointGroup {
  readonly ports: readonly discoveryv1.EndpointPort[];
  readonly endpoints: discoveryv1.Endpoint[];
}

export interface ServiceFacts {
  readonly service: corev1.Service;
  readonly pods: readonly corev1.Pod[];
  /** The node of this name, if it is known. */
  readonly node: (name: string) => corev1.Node | undefined;
}

export const isIPv6 = (address: string): boolean => address.includes(':');

/** The families in which a Service is served. */
export function addressTypes({ spec }: corev1.Service): AddressType[] {
  const families = spec?.ipFamilies ?? [];
  if (families.length > 0) return families.map((family) => (family === 'IPv6' ? 'IPv6' : 'IPv4'));
  const clusterIp = spec?.clusterIP ?? '';
  // Of a headless Service that nobody gave families, both may be meant.
  if (clusterIp === '' || clusterIp === 'None') return ['IPv4', 'IPv6'];
  return [isIPv6(clusterIp) ? 'IPv6' : 'IPv4'];
}

/**
 * What the slices of one family should hold, by ports. Pods of a node that is not known, or of none, are left out for now,
 * unless what is not ready is to be shown too, as upstream's reconcileByAddressType (k8s.io/endpointslice).
 */
export function desiredEndpoints({ service, pods, node }: ServiceFacts, addressType: AddressType): { groups: Map<string, EndpointGroup>; unplaced: corev1.Pod[] } {
  const groups = new Map<string, EndpointGroup>();
  const unplaced: corev1.Pod[] = [];
  for (const pod of pods) {
    const addresses = podIps(pod.status).filter((ip) => isIPv6(ip) === (addressType === 'IPv6'));
    if (!canBeEndpoint(pod)) continue;
    const ports = endpointPorts(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    const found = node(pod.spec?.nodeName ?? '');
    if (found === undefined && service.spec?.publishNotReadyAddresses !== true) {
      unplaced.push(pod);
      continue;
    }
    if (addresses.length > 0) group.endpoints.push(endpointOf(service, pod, addresses.slice(0, 1), found));
  }
  return { groups, unplaced };
}

/** Equal for equal ports in any order. */
export function portsKey(ports: readonly discoveryv1.EndpointPort[]): string {
  return ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => JSON.stringify([name, port, protocol, appProtocol])).sort().join();
}

function endpointPorts(service: corev1.Service, pod: corev1.Pod): discoveryv1.EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = findPort(pod, port);
    if (number === undefined) return [];
    return [{ name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP', ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }) }];
  });
}

function endpointOf(service: corev1.Service, pod: corev1.Pod, addresses: string[], node: corev1.Node | undefined): discoveryv1.Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.nodeName ?? '';
  const label = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  const zone = label === '' ? undefined : label;
  const hostname = hostnameIn(service, pod);
  const hints = hintsFor(distributionOf(service), ready, nodeName, zone);
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: podReference(pod),
    ...(nodeName === '' ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(hints === undefined ? {} : { hints }),
  };
}

/** Values of `trafficDistribution`; others, of versions to come, mean nothing. */
const CLOSE = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode']);

/** How the traffic of a Service is to be spread; the older annotation goes before. */
export function distributionOf({ metadata, spec }: corev1.Service): string | undefined {
  const { trafficDistribution } = spec ?? {};
  return trafficDistribution !== undefined && CLOSE.has(trafficDistribution) && !wantsTopologyHints(metadata.annotations) ? trafficDistribution : undefined;
}

/** By which zone, or node, an endpoint should be preferred. */
function hintsFor(distribution: string | undefined, ready: boolean, nodeName: string, zone: string | undefined): discoveryv1.EndpointHints | undefined {
  if (distribution === undefined || !ready) return undefined;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  const forNodes = distribution === 'PreferSameNode' && nodeName !== '' ? { forNodes: [{ name: nodeName }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length === 0 ? undefined : hints;
}
