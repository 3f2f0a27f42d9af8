import { core, type corev1, type discoveryv1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { withTrigger } from '../../services/trigger-times';
import { addressTypes, desiredEndpoints, type AddressType, type ServiceFacts } from './desired-endpoints';
import { endpointKey, isOwnedBy, planFamily, type FamilyNumbers, type FamilyPlan } from './plan-family';
import { topologyHints, wantsTopologyHints } from './topology-hints';
import type { ZoneRatios } from './topology-ratios';

export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
export const SERVICE_NAME = 'kubernetes.io/service-name';
const HEADLESS = 'service.kubernetes.io/headless';
const OWN_LABELS = new Set([MANAGED_BY, SERVICE_NAME, HEADLESS]);

type Slice = discoveryv1.EndpointSlice;

export interface SlicePlan extends FamilyPlan {
  /** Pods that were left out because their node is not known yet, in upstream's words. */
  readonly problems: readonly string[];
  /** Whether its endpoints are shared among zones. */
  readonly zoned: boolean;
  readonly notices: readonly TopologyNotice[];
  readonly numbers: SliceNumbers;
}

/** How many there are when the plan has been carried out. */
export interface SliceNumbers {
  readonly endpoints: number;
  readonly slices: number;
  /** As few as would do. */
  readonly desiredSlices: number;
  /** What the plan does to each family. */
  readonly families: readonly (FamilyNumbers & { readonly changedSlices: number })[];
}

/** An event about the Service. */
export interface TopologyNotice {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'TopologyAwareHintsEnabled' | 'TopologyAwareHintsDisabled';
  readonly message: string;
}

export interface ObservedService extends ServiceFacts {
  /** Those that this controller manages. */
  readonly slices: readonly Slice[];
  readonly maxPerSlice: number;
  readonly ratios: ZoneRatios;
  /** Whether its endpoints were shared among zones when it was planned last. */
  readonly zoned: boolean;
  /** When the change was that its slices are to tell of, in milliseconds since 1970. */
  readonly triggeredAtMs: number | undefined;
}

/** Decides how a Service's slices must change, touching as few of them as possible. */
export function planSlices(observed: ObservedService): SlicePlan {
  const { service } = observed;
  // What a Service of the same name has left is not this one's.
  const [slices, left] = partition(observed.slices, ({ metadata }) => isOwnedBy(metadata.ownerReferences, controllerReference(core.services, service)));
  const types = addressTypes(service);
  const { name = '', namespace = '' } = service.metadata;
  const source = { name, namespace, labels: labelsOf(service), owner: controllerReference(core.services, service), isNeverBare: true };
  const plan = {
    create: [] as Slice[],
    update: [] as Slice[],
    remove: [...left, ...slices.filter(({ addressType }) => !types.some((type) => type === addressType))],
    zoned: observed.zoned,
    notices: [] as TopologyNotice[],
  };
  const wanted = new Set<string>();
  const problems = new Set<string>();
  const families: SliceNumbers['families'][number][] = [];
  let desiredSlices = 0;
  for (const type of types) {
    const { groups, unplaced } = desiredEndpoints(observed, type);
    for (const pod of unplaced) problems.add(`skipping Pod ${pod.metadata.name ?? ''} for Service ${namespace}/${name}: Node ${pod.spec?.nodeName ?? ''} Not Found`);
    const { zoned, notice } = hint(observed, [...groups.values()].flatMap(({ endpoints }) => endpoints), { slices, type, zoned: plan.zoned });
    plan.zoned = zoned;
    if (notice !== undefined) plan.notices.push(notice);
    for (const { endpoints } of groups.values()) for (const endpoint of endpoints) wanted.add(endpointKey(endpoint));
    desiredSlices += Math.max(1, [...groups.values()].reduce((sum, { endpoints }) => sum + Math.ceil(endpoints.length / observed.maxPerSlice), 0));
    const part = planFamily({ source, slices, maxPerSlice: observed.maxPerSlice }, type, groups);
    const foreign = left.filter(({ addressType }) => addressType === type).length;
    families.push({ added: part.added, removed: part.removed, changedSlices: part.create.length + part.update.length + part.remove.length + foreign });
    plan.create.push(...part.create);
    plan.update.push(...part.update);
    plan.remove.push(...part.remove);
  }
  // New slices of a Service on its way out would only cross with their collection.
  if (service.metadata.deletionTimestamp !== undefined) plan.create = [];
  const numbers = {
    endpoints: wanted.size, slices: observed.slices.length + plan.create.length - plan.remove.length, desiredSlices, families,
  };
  const told = (changed: readonly Slice[]): Slice[] => changed.map((slice) => withTrigger(slice, observed.triggeredAtMs));
  return { ...plan, create: told(plan.create), update: told(plan.update), problems: [...problems], numbers };
}

/** Gives endpoints of one family their zones, where the Service asks for that. */
function hint(
  { service, ratios }: ObservedService,
  endpoints: discoveryv1.Endpoint[],
  present: { readonly slices: readonly Slice[]; readonly type: AddressType; readonly zoned: boolean },
): { zoned: boolean; notice?: TopologyNotice } {
  const say = (type: TopologyNotice['type'], reason: TopologyNotice['reason'], text: string): TopologyNotice => ({
    type,
    reason,
    message: `${text}, addressType: ${present.type}`,
  });
  if (!wantsTopologyHints(service.metadata.annotations))
    return { zoned: false, ...(present.zoned ? { notice: say('Warning', 'TopologyAwareHintsDisabled', 'Topology Aware Hints has been disabled') } : {}) };
  const before = new Map(
    present.slices
      .filter(({ addressType }) => addressType === present.type)
      .flatMap((slice) => (slice.endpoints ?? []).map((endpoint) => [endpointKey(endpoint), endpoint.hints?.forZones?.[0]?.name])),
  );
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true);
  const result = topologyHints(
    ready.map((endpoint) => ({ endpoint, hint: before.get(endpointKey(endpoint)) })),
    ratios,
  );
  if ('refusal' in result) return { zoned: false, notice: say('Warning', 'TopologyAwareHintsDisabled', result.refusal) };
  for (const [endpoint, name] of result.zones) endpoint.hints = { forZones: [{ name }] };
  return { zoned: true, ...(present.zoned ? {} : { notice: say('Normal', 'TopologyAwareHintsEnabled', 'Topology Aware Hints has been enabled') }) };
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

/** The Service's own labels, and those by which slices are found. */
function labelsOf(service: corev1.Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([name]) => !OWN_LABELS.has(name));
  return {
    ...Object.fromEntries(own),
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name ?? '',
    [MANAGED_BY]: MANAGER,
  };
}
