import { core, type corev1, type discoveryv1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { isIPv6, portsKey, type AddressType, type EndpointGroup } from '../endpointslice/desired-endpoints';
import { planFamily, type FamilyPlan } from '../endpointslice/plan-family';
import { MANAGED_BY, SERVICE_NAME } from '../endpointslice/sync';

export const MIRROR = 'endpointslicemirroring-controller.k8s.io';
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
/** Annotations that are about the Endpoints themselves. */
const UNSHOWN = new Set(['endpoints.kubernetes.io/last-change-trigger-time', 'kubectl.kubernetes.io/last-applied-configuration']);
const FAMILIES: readonly AddressType[] = ['IPv4', 'IPv6'];

export interface MirrorPlan extends FamilyPlan {
  /** Addresses that were too many for a slice. */
  readonly skipped: number;
}

/** Whether Endpoints are to be shown as slices: somebody wrote them for a Service that selects nothing. */
export function shouldMirror(endpoints: corev1.Endpoints | undefined, service: corev1.Service | undefined): endpoints is corev1.Endpoints {
  if (endpoints === undefined || service === undefined || service.spec?.selector !== undefined) return false;
  const { labels = {}, annotations = {} } = endpoints.metadata;
  return labels[SKIP_MIRROR] !== 'true' && annotations[LEADER] === undefined;
}

/** Decides how the slices that mirror Endpoints must change; `slices` are those that this controller manages. */
export function planMirror(endpoints: corev1.Endpoints, slices: readonly discoveryv1.EndpointSlice[], maxPerSubset: number): MirrorPlan {
  const { name = '', namespace = '', labels = {}, annotations = {} } = endpoints.metadata;
  const shown = Object.fromEntries(Object.entries(annotations).filter(([key]) => !UNSHOWN.has(key)));
  const source = { name, namespace, labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR }, annotations: shown, owner: controllerReference(core.endpoints, endpoints) };
  const { groups, skipped } = mirrored(endpoints, maxPerSubset);
  const used = FAMILIES.filter((family) => groups.get(family)?.size !== 0);
  // What has no addresses at all is shown by one slice that is empty.
  const kept = used.length === 0 ? FAMILIES.slice(0, 1) : used;
  const plans = kept.map((family) => planFamily({ source, slices, maxPerSlice: maxPerSubset }, family, groups.get(family) ?? new Map<string, EndpointGroup>()));
  return {
    create: plans.flatMap(({ create }) => create),
    update: plans.flatMap(({ update }) => update),
    remove: [...plans.flatMap(({ remove }) => remove), ...slices.filter(({ addressType }) => !kept.some((family) => family === addressType))],
    skipped,
  };
}

function mirrored({ subsets }: corev1.Endpoints, maxPerSubset: number): { groups: Map<AddressType, Map<string, EndpointGroup>>; skipped: number } {
  const groups = new Map(FAMILIES.map((family) => [family, new Map<string, EndpointGroup>()]));
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports: given = [] } of subsets ?? []) {
    const ports = given.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }));
    const all = [...addresses.map((address) => endpointOf(address, true)), ...notReadyAddresses.map((address) => endpointOf(address, false))];
    skipped += Math.max(0, all.length - maxPerSubset);
    for (const endpoint of all.slice(0, maxPerSubset)) {
      const ofFamily = groups.get(isIPv6(endpoint.addresses[0] ?? '') ? 'IPv6' : 'IPv4');
      const group = ofFamily?.get(portsKey(ports)) ?? { ports, endpoints: [] };
      group.endpoints.push(endpoint);
      ofFamily?.set(portsKey(ports), group);
    }
  }
  return { groups, skipped };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: corev1.EndpointAddress, ready: boolean): discoveryv1.Endpoint {
  return {
    addresses: [ip], conditions: { ready },
    ...(hostname === undefined || hostname === '' ? {} : { hostname }), ...(nodeName === undefined ? {} : { nodeName }), ...(targetRef === undefined ? {} : { targetRef }),
  };
}
