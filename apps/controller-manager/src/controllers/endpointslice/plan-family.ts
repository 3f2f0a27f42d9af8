import type { discoveryv1, metav1 } from '@navarch/api';
import { canonicalJson } from '@navarch/reconcile';
import { portsKey, type AddressType, type EndpointGroup } from './desired-endpoints';

type Slice = discoveryv1.EndpointSlice;
type Endpoint = discoveryv1.Endpoint;

/** What slices are made for: a Service, or Endpoints that somebody wrote. */
export interface SliceSource {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Those that its slices show as well; undefined leaves theirs alone. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner: metav1.OwnerReference;
}

export interface FamilyPlan {
  readonly create: readonly Slice[];
  readonly update: readonly Slice[];
  readonly remove: readonly Slice[];
}

interface FamilyFacts {
  readonly source: SliceSource;
  /** Those that the controller manages, of any family. */
  readonly slices: readonly Slice[];
  readonly maxPerSlice: number;
}

/** Decides how the slices of one address family must change to hold these endpoints. */
export function planFamily({ source, slices, maxPerSlice }: FamilyFacts, type: AddressType, groups: ReadonlyMap<string, EndpointGroup>): FamilyPlan {
  const existing = slices.filter(({ addressType }) => addressType === type);
  const drafts = existing.map((slice) => new SliceDraft(slice, source));
  const byPorts = new Map<string, SliceDraft[]>();
  for (const draft of drafts) {
    const key = portsKey(draft.slice.ports ?? []);
    byPorts.set(key, [...(byPorts.get(key) ?? []), draft]);
  }
  const create: Slice[] = [];
  for (const [key, { ports, endpoints }] of groups) create.push(...fill(byPorts.get(key) ?? [], endpoints, maxPerSlice).map((chunk) => newSlice(source, type, ports, chunk)));
  for (const [key, unwanted] of byPorts) if (!groups.has(key)) for (const draft of unwanted) draft.endpoints = [];

  const kept = drafts.filter(({ endpoints }) => endpoints.length > 0);
  let empty = drafts.filter(({ endpoints }) => endpoints.length === 0);
  // A Service always has a slice, if only to say that there is nothing.
  if (kept.length === 0 && create.length === 0) {
    const placeholder = empty.find(({ slice }) => (slice.ports ?? []).length === 0);
    if (placeholder === undefined) create.push(newSlice(source, type, [], []));
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

/** Equal for the same pod at the same addresses. */
export function endpointKey({ addresses, targetRef }: Endpoint): string {
  return `${addresses.join()}/${targetRef?.uid ?? ''}`;
}

/** An existing slice, and what it is to become. */
class SliceDraft {
  readonly slice: Slice;
  endpoints: Endpoint[];
  readonly #labels: Readonly<Record<string, string>>;
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(slice: Slice, { labels, annotations }: SliceSource) {
    this.slice = slice;
    this.endpoints = [...(slice.endpoints ?? [])];
    this.#labels = labels;
    this.#annotations = annotations ?? slice.metadata.annotations ?? {};
  }

  get changed(): boolean {
    const { endpoints = [], metadata: { labels, annotations = {} } } = this.slice;
    return canonicalJson([this.endpoints, this.#labels, this.#annotations]) !== canonicalJson([endpoints, labels, annotations]);
  }

  result(): Slice {
    return { ...this.slice, metadata: { ...this.slice.metadata, labels: { ...this.#labels }, annotations: { ...this.#annotations } }, endpoints: this.endpoints };
  }
}

function newSlice({ name, namespace, labels, annotations, owner }: SliceSource, addressType: AddressType, ports: readonly discoveryv1.EndpointPort[], endpoints: Endpoint[]): Slice {
  return { metadata: { generateName: `${name}-`, namespace, labels: { ...labels }, ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }), ownerReferences: [owner] }, addressType, endpoints, ports: [...ports] };
}
