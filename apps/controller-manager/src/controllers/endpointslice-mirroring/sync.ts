import { isIP } from 'node:net';
import { core, type corev1, type discoveryv1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { repackSubsets } from '../../services/repack-subsets';
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
  /** Addresses that were too many for a slice, or none. */
  readonly skipped: number;
  /** Those among them that are no addresses. */
  readonly invalid: number;
}

/** Whether Endpoints are to be shown as slices: somebody wrote them for a Service that selects nothing. */
export function shouldMirror(endpoints: corev1.Endpoints | undefined, service: corev1.Service | undefined): endpoints is corev1.Endpoints {
  if (endpoints === undefined || service === undefined || Object.keys(service.spec?.selector ?? {}).length > 0) return false;
  const { labels = {}, annotations = {} } = endpoints.metadata;
  return labels[SKIP_MIRROR] !== 'true' && annotations[LEADER] === undefined;
}

/** Decides how the slices that mirror Endpoints must change; `slices` are those that this controller manages. */
export function planMirror(endpoints: corev1.Endpoints, slices: readonly discoveryv1.EndpointSlice[], maxPerSubset: number): MirrorPlan {
  const { name = '', namespace = '', labels = {}, annotations = {} } = endpoints.metadata;
  const shown = Object.fromEntries(Object.entries(annotations).filter(([key]) => !UNSHOWN.has(key)));
  const source = { name, namespace, labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR }, annotations: shown, owner: controllerReference(core.endpoints, endpoints), isNeverBare: false };
  const { groups, skipped, invalid } = mirrored(endpoints, maxPerSubset);
  const plans = FAMILIES.map((family) => planFamily({ source, slices, maxPerSlice: maxPerSubset }, family, groups.get(family) ?? new Map<string, EndpointGroup>()));
  const isGoing = endpoints.metadata.deletionTimestamp !== undefined;
  return {
    create: isGoing ? [] : plans.flatMap(({ create }) => create),
    update: plans.flatMap(({ update }) => update),
    remove: [...plans.flatMap(({ remove }) => remove), ...slices.filter(({ addressType }) => !FAMILIES.some((family) => family === addressType))],
    skipped,
    invalid,
  };
}

function mirrored({ subsets }: corev1.Endpoints, maxPerSubset: number): { groups: Map<AddressType, Map<string, EndpointGroup>>; skipped: number; invalid: number } {
  const groups = new Map(FAMILIES.map((family) => [family, new Map<string, EndpointGroup>()]));
  let skipped = 0;
  let invalid = 0;
  for (const { addresses = [], notReadyAddresses = [], ports: given = [] } of repackSubsets(subsets ?? [])) {
    const ports = given.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }));
    const all = [...addresses.map((address) => endpointOf(address, true)), ...notReadyAddresses.map((address) => endpointOf(address, false))];
    const valid = all.filter((endpoint) => isIP(endpoint.addresses[0] ?? '') !== 0);
    const shown = valid.slice(0, maxPerSubset);
    skipped += all.length - shown.length;
    invalid += all.length - valid.length;
    for (const endpoint of shown) {
      const ofFamily = groups.get(isIPv6(endpoint.addresses[0] ?? '') ? 'IPv6' : 'IPv4');
      const group = ofFamily?.get(portsKey(ports)) ?? { ports, endpoints: [] };
      group.endpoints.push(endpoint);
      ofFamily?.set(portsKey(ports), group);
    }
  }
  return { groups, skipped, invalid };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: corev1.EndpointAddress, ready: boolean): discoveryv1.Endpoint {
  return {
    addresses: [ip], conditions: { ready },
    ...(hostname === undefined || hostname === '' ? {} : { hostname }), ...(nodeName === undefined ? {} : { nodeName }), ...(targetRef === undefined ? {} : { targetRef }),
  };
}
