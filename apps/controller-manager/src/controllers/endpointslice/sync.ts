import { core, type corev1, type discoveryv1 } from '@navarch/api';
import { canonicalJson, controllerReference } from '@navarch/reconcile';
import { addressTypes, desiredEndpoints, portsKey, type AddressType, type EndpointGroup, type ServiceFacts } from './desired-endpoints';

export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
export const SERVICE_NAME = 'kubernetes.io/service-name';
const HEADLESS = 'service.kubernetes.io/headless';
const OWN_LABELS = new Set([MANAGED_BY, SERVICE_NAME, HEADLESS]);

type Slice = discoveryv1.EndpointSlice;
type Endpoint = discoveryv1.Endpoint;

export interface SlicePlan {
  readonly create: readonly Slice[];
  readonly update: readonly Slice[];
  readonly remove: readonly Slice[];
  /** Pods were left out because their node is not known yet. */
  readonly again: boolean;
}

export interface ObservedService extends ServiceFacts {
  /** Those that this controller manages. */
  readonly slices: readonly Slice[];
  readonly maxPerSlice: number;
}

/** Decides how a Service's slices must change, touching as few of them as possible. */
export function planSlices(observed: ObservedService): SlicePlan {
  const { service, slices } = observed;
  const types = addressTypes(service);
  const plan = { create: [] as Slice[], update: [] as Slice[], remove: slices.filter(({ addressType }) => !types.some((type) => type === addressType)), again: false };
  for (const type of types) {
    const { groups, missingNodes } = desiredEndpoints(observed, type);
    const part = planFamily(observed, type, groups);
    plan.create.push(...part.create);
    plan.update.push(...part.update);
    plan.remove.push(...part.remove);
    plan.again ||= missingNodes;
  }
  return plan;
}

function planFamily({ service, slices, maxPerSlice }: ObservedService, type: AddressType, groups: ReadonlyMap<string, EndpointGroup>): Omit<SlicePlan, 'again'> {
  const existing = slices.filter(({ addressType }) => addressType === type);
  const drafts = existing.map((slice) => new SliceDraft(slice, service));
  const byPorts = new Map<string, SliceDraft[]>();
  for (const draft of drafts) {
    const key = portsKey(draft.slice.ports ?? []);
    byPorts.set(key, [...(byPorts.get(key) ?? []), draft]);
  }
  const create: Slice[] = [];
  for (const [key, { ports, endpoints }] of groups) create.push(...fill(byPorts.get(key) ?? [], endpoints, maxPerSlice).map((chunk) => newSlice(service, type, ports, chunk)));
  for (const [key, unwanted] of byPorts) if (!groups.has(key)) for (const draft of unwanted) draft.endpoints = [];

  const kept = drafts.filter(({ endpoints }) => endpoints.length > 0);
  let empty = drafts.filter(({ endpoints }) => endpoints.length === 0);
  // A Service always has a slice, if only to say that there is nothing.
  if (kept.length === 0 && create.length === 0) {
    const placeholder = empty.find(({ slice }) => (slice.ports ?? []).length === 0);
    if (placeholder === undefined) create.push(newSlice(service, type, [], []));
    else {
      kept.push(placeholder);
      empty = empty.filter((draft) => draft !== placeholder);
    }
  }
  return { create, update: kept.filter((draft) => draft.changed).map((draft) => draft.result()), remove: empty.map(({ slice }) => slice) };
}

/** Puts endpoints where they are already, then where there is room; answers what needs new slices. */
function fill(drafts: readonly SliceDraft[], wanted: readonly Endpoint[], maxPerSlice: number): Endpoint[][] {
  const left = new Map(wanted.map((endpoint) => [endpointKey(endpoint), endpoint]));
  for (const draft of drafts) {
    draft.endpoints = draft.endpoints.flatMap((endpoint) => {
      const same = left.get(endpointKey(endpoint));
      left.delete(endpointKey(endpoint));
      return same === undefined ? [] : [same];
    });
  }
  const homeless = [...left.values()];
  // Slices that change anyway first, then the fullest, so that few change and few stay half empty.
  const byPreference = [...drafts].sort((a, b) => Number(b.changed) - Number(a.changed) || b.endpoints.length - a.endpoints.length);
  for (const draft of byPreference) {
    const room = maxPerSlice - draft.endpoints.length;
    if (room > 0 && homeless.length > 0) draft.endpoints = [...draft.endpoints, ...homeless.splice(0, room)];
  }
  const chunks: Endpoint[][] = [];
  while (homeless.length > 0) chunks.push(homeless.splice(0, maxPerSlice));
  return chunks;
}

function endpointKey({ addresses, targetRef }: Endpoint): string {
  return `${addresses.join()}/${targetRef?.uid ?? ''}`;
}

/** An existing slice, and what it is to become. */
class SliceDraft {
  readonly slice: Slice;
  endpoints: Endpoint[];
  readonly #labels: Record<string, string>;

  constructor(slice: Slice, service: corev1.Service) {
    this.slice = slice;
    this.endpoints = [...(slice.endpoints ?? [])];
    this.#labels = labelsOf(service);
  }

  get changed(): boolean {
    return canonicalJson([this.endpoints, this.#labels]) !== canonicalJson([this.slice.endpoints ?? [], this.slice.metadata.labels]);
  }

  result(): Slice {
    return { ...this.slice, metadata: { ...this.slice.metadata, labels: this.#labels }, endpoints: this.endpoints };
  }
}

function newSlice(service: corev1.Service, addressType: AddressType, ports: readonly discoveryv1.EndpointPort[], endpoints: Endpoint[]): Slice {
  return {
    metadata: {
      generateName: `${service.metadata.name ?? ''}-`,
      namespace: service.metadata.namespace ?? '',
      labels: labelsOf(service),
      ownerReferences: [controllerReference(core.services, service)],
    },
    addressType,
    endpoints,
    ports: [...ports],
  };
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
