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
  /** Has a slice for each family even if only to say that there is nothing. */
  readonly isNeverBare: boolean;
}

export interface FamilyPlan {
  readonly create: readonly Slice[];
  readonly update: readonly Slice[];
  readonly remove: readonly Slice[];
}

/** How many endpoints come and go, by slices of the same ports. */
export interface FamilyNumbers {
  readonly added: number;
  readonly removed: number;
}

interface FamilyFacts {
  readonly source: SliceSource;
  /** Those that the controller manages, of any family. */
  readonly slices: readonly Slice[];
  readonly maxPerSlice: number;
}

/** Decides how the slices of one address family must change to hold these endpoints, as upstream's reconciler (k8s.io/endpointslice) does. */
export function planFamily({ source, slices, maxPerSlice }: FamilyFacts, type: AddressType, groups: ReadonlyMap<string, EndpointGroup>): FamilyPlan & FamilyNumbers {
  const existing = slices.filter(({ addressType }) => addressType === type);
  const drafts = existing.map((slice) => new SliceDraft(slice, source));
  const byPorts = new Map<string, SliceDraft[]>();
  for (const draft of drafts) {
    const key = portsKey(draft.slice.ports ?? []);
    byPorts.set(key, [...(byPorts.get(key) ?? []), draft]);
  }
  const create: Slice[] = [];
  const numbers = { added: 0, removed: 0 };
  for (const [key, { ports, endpoints }] of groups) {
    const filled = fill(byPorts.get(key) ?? [], endpoints, maxPerSlice);
    create.push(...filled.chunks.map((chunk) => newSlice(source, type, ports, chunk)));
    numbers.added += filled.added;
    numbers.removed += filled.removed;
  }
  for (const [key, unwanted] of byPorts) if (!groups.has(key)) for (const draft of unwanted) draft.endpoints = [];

  const kept = drafts.filter(({ endpoints }) => endpoints.length > 0);
  let empty = drafts.filter(({ endpoints }) => endpoints.length === 0);
  if (source.isNeverBare && kept.length === 0 && create.length === 0) {
    const placeholder = empty.find(({ slice }) => (slice.ports ?? []).length === 0);
    if (placeholder === undefined) create.push(newSlice(source, type, [], []));
    else {
      kept.push(placeholder);
      empty = empty.filter((draft) => draft !== placeholder);
    }
  }
  const update = kept.filter((draft) => draft.changed).map((draft) => draft.result());
  // What is not wanted any more becomes what is, so that proxies see one change instead of two.
  const remove = empty.map(({ slice }) => slice);
  for (let fresh = remove.length > 0 ? create.pop() : undefined; fresh !== undefined; fresh = remove.length > 0 ? create.pop() : undefined) {
    const { labels = {}, annotations = {}, ownerReferences = [] } = fresh.metadata;
    const old = remove.shift();
    if (old !== undefined) update.push({ ...fresh, metadata: { ...old.metadata, labels, annotations, ownerReferences } });
  }
  return { create, update, remove, ...numbers };
}

/** Puts endpoints where they are already, then where there is room; answers what needs new slices. */
function fill(drafts: readonly SliceDraft[], wanted: readonly Endpoint[], maxPerSlice: number): FamilyNumbers & { readonly chunks: Endpoint[][] } {
  const left = new Map(wanted.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const before = drafts.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  for (const draft of drafts) {
    draft.endpoints = draft.endpoints.flatMap((endpoint) => {
      const same = left.get(endpointKey(endpoint));
      left.delete(endpointKey(endpoint));
      return same === undefined ? [] : [same];
    });
  }
  const homeless = [...left.values()];
  const numbers = { added: homeless.length, removed: before - drafts.reduce((sum, { endpoints }) => sum + endpoints.length, 0) };
  const isChanged = new Map(drafts.map((draft) => [draft, draft.changed]));
  // Slices that change anyway first, the fullest before others, so that few stay half empty.
  const changing = drafts.filter((draft) => isChanged.get(draft) === true && draft.endpoints.length > 0).sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const draft of changing) draft.endpoints = [...draft.endpoints, ...homeless.splice(0, Math.max(0, maxPerSlice - draft.endpoints.length))];
  const chunks: Endpoint[][] = [];
  while (homeless.length > 0) {
    // Of the others one at most is changed: the one that is full, or nearly, when it has taken all that is left.
    const unchanged = drafts.filter((draft) => isChanged.get(draft) === false && homeless.length < maxPerSlice && draft.endpoints.length + homeless.length <= maxPerSlice);
    const fullest = unchanged.reduce<SliceDraft | undefined>((best, draft) => (best !== undefined && best.endpoints.length >= draft.endpoints.length ? best : draft), undefined);
    if (fullest !== undefined) fullest.endpoints = [...fullest.endpoints, ...homeless.splice(0)];
    else chunks.push(homeless.splice(0, maxPerSlice));
  }
  return { chunks, ...numbers };
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
  readonly #owners: readonly metav1.OwnerReference[];

  constructor(slice: Slice, { labels, annotations, owner }: SliceSource) {
    this.slice = slice;
    this.endpoints = [...(slice.endpoints ?? [])];
    this.#labels = labels;
    this.#annotations = annotations ?? slice.metadata.annotations ?? {};
    const owners = slice.metadata.ownerReferences ?? [];
    this.#owners = isOwnedBy(owners, owner) ? owners : [owner];
  }

  get changed(): boolean {
    const { endpoints = [], metadata: { labels, annotations = {}, ownerReferences = [] } } = this.slice;
    return canonicalJson([this.endpoints, this.#labels, this.#annotations, this.#owners]) !== canonicalJson([endpoints, labels, annotations, ownerReferences]);
  }

  result(): Slice {
    return { ...this.slice, metadata: { ...this.slice.metadata, labels: { ...this.#labels }, annotations: { ...this.#annotations }, ownerReferences: [...this.#owners] }, endpoints: this.endpoints };
  }
}

/** Whether an owner of that kind and uid is among these. */
export function isOwnedBy(references: readonly metav1.OwnerReference[] | undefined, { apiVersion, kind, uid }: metav1.OwnerReference): boolean {
  return references?.some((reference) => reference.uid === uid && reference.kind === kind && reference.apiVersion === apiVersion) === true;
}

/** The longest name that an object can have. */
const MAX_NAME = 253;

function newSlice({ name, namespace, labels, annotations, owner }: SliceSource, addressType: AddressType, ports: readonly discoveryv1.EndpointPort[], endpoints: Endpoint[]): Slice {
  return {
    metadata: {
      generateName: name.length < MAX_NAME ? `${name}-` : name,
      namespace,
      labels: { ...labels },
      ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
      ownerReferences: [owner],
    },
    addressType,
    endpoints,
    ports: [...ports],
  };
}
