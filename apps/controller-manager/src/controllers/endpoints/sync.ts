import type { corev1 } from '@navarch/api';
import { canonicalJson, isPodReady } from '@navarch/reconcile';
import { canBeEndpoint, findPort, hostnameIn, podIps, podReference } from '../../services/service-pods';
import { repackSubsets } from '../../services/repack-subsets';
import { annotateTrigger, withoutTrigger } from '../../services/trigger-times';
import { addressTypes, isIPv6 } from '../endpointslice/desired-endpoints';

/** Larger Endpoints would be too much for the store and its readers. */
const MAX_ADDRESSES = 1000;
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
const HEADLESS = 'service.kubernetes.io/headless';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';

type Subset = corev1.EndpointSubset;

export type EndpointsAction = { readonly kind: 'create' | 'update'; readonly endpoints: corev1.Endpoints };

/** Decides what a Service's Endpoints object must become; undefined when it is so already. It tells of a change at `triggeredAtMs` (since 1970). */
export function planEndpoints(service: corev1.Service, pods: readonly corev1.Pod[], current: corev1.Endpoints | undefined, triggeredAtMs?: number): EndpointsAction | undefined {
  const { subsets, truncated } = limited(offered(service, pods));
  const labels = { ...withoutOwn(service.metadata.labels ?? {}), [MANAGED_BY]: 'endpoint-controller', ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}) };
  const annotations = annotateTrigger(current?.metadata.annotations, triggeredAtMs);
  if (truncated) annotations[OVER_CAPACITY] = 'truncated';
  else delete annotations[OVER_CAPACITY];
  const { name = '', namespace = '' } = service.metadata;
  const endpoints: corev1.Endpoints = {
    ...current,
    metadata: { ...(current?.metadata ?? { name, namespace }), labels, annotations },
    subsets,
  };
  if (current === undefined) return { kind: 'create', endpoints };
  const facts = ({ metadata, subsets: all = [] }: corev1.Endpoints): string => canonicalJson([metadata.labels ?? {}, withoutTrigger(metadata.annotations), all]);
  // That a change has a newer time, or none, is no change by itself.
  return facts(current) === facts(endpoints) ? undefined : { kind: 'update', endpoints };
}

function withoutOwn(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== HEADLESS && name !== MANAGED_BY));
}

/** What each pod offers, in upstream's canonical form. */
function offered(service: corev1.Service, pods: readonly corev1.Pod[]): Subset[] {
  const tolerateUnready = service.spec?.publishNotReadyAddresses === true;
  const servicePorts = service.spec?.ports ?? [];
  // Only a headless Service may have no ports.
  if (servicePorts.length === 0 && service.spec?.clusterIP !== 'None') return [];
  const subsets: Subset[] = [];
  for (const pod of pods) {
    const ip = addressFor(service, pod);
    if (ip === undefined || !canBeEndpoint(pod) || (pod.metadata.deletionTimestamp !== undefined && !tolerateUnready)) continue;
    const ports = servicePorts.flatMap((port) => {
      const number = findPort(pod, port);
      return number === undefined
        ? []
        : [
            {
              ...(port.name === undefined || port.name === '' ? {} : { name: port.name }),
              port: number,
              protocol: port.protocol ?? 'TCP',
              ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
            },
          ];
    });
    if (servicePorts.length > 0 && ports.length === 0) continue;
    subsets.push({ [tolerateUnready || isPodReady(pod) ? 'addresses' : 'notReadyAddresses']: [addressOf(service, pod, ip)], ports });
  }
  return repackSubsets(subsets);
}

/** The pod's address of the Service's first family; a Service that may be of either takes that of the pod. */
function addressFor(service: corev1.Service, { status }: corev1.Pod): string | undefined {
  const ips = podIps(status);
  const [family = 'IPv4', other] = addressTypes(service);
  const isOpen = other !== undefined && (service.spec?.ipFamilies ?? []).length === 0;
  const wantsIPv6 = isOpen ? isIPv6(status?.podIP ?? ips[0] ?? '') : family === 'IPv6';
  return ips.find((ip) => isIPv6(ip) === wantsIPv6);
}

function addressOf(service: corev1.Service, pod: corev1.Pod, ip: string): corev1.EndpointAddress {
  const hostname = hostnameIn(service, pod);
  const nodeName = pod.spec?.nodeName;
  return { ip, targetRef: podReference(pod), ...(nodeName === undefined ? {} : { nodeName }), ...(hostname === undefined ? {} : { hostname }) };
}

/** At most 1000 addresses: ready ones before others, of each subset as large a part as of all. */
function limited(subsets: Subset[]): { subsets: Subset[]; truncated: boolean } {
  const size = (addresses: corev1.EndpointAddress[] | undefined): number => addresses?.length ?? 0;
  const ready = subsets.reduce((sum, { addresses }) => sum + size(addresses), 0);
  const notReady = subsets.reduce((sum, { notReadyAddresses }) => sum + size(notReadyAddresses), 0);
  if (ready + notReady <= MAX_ADDRESSES) return { subsets, truncated: false };
  const cutsReady = ready > MAX_ADDRESSES;
  const room = cutsReady ? MAX_ADDRESSES : MAX_ADDRESSES - ready;
  let left = room;
  const share = (addresses: corev1.EndpointAddress[] = []): corev1.EndpointAddress[] => {
    // Rounded up: the last subset gets what is left.
    const shared = Math.min(left, Math.ceil((addresses.length / (cutsReady ? ready : notReady)) * room));
    left -= shared;
    return addresses.slice(0, shared);
  };
  const cut = subsets.map((subset): Subset => {
    const addresses = cutsReady ? share(subset.addresses) : (subset.addresses ?? []);
    const notReadyAddresses = cutsReady ? [] : share(subset.notReadyAddresses);
    return { ...(addresses.length === 0 ? {} : { addresses }), ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }), ...(subset.ports === undefined ? {} : { ports: subset.ports }) };
  });
  return { subsets: cut.filter((subset) => size(subset.addresses) + size(subset.notReadyAddresses) > 0), truncated: true };
}
