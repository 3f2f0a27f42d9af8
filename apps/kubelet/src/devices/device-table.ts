import { type corev1 } from '@navarch/api';
import { type devicepluginv1beta1 } from '@navarch/proto';
import { isIn, type NumaMask } from '../topology/numa-mask';
import { countedHints, type TopologyHint } from '../topology/topology-hint';

/** A device as its plug-in tells of it. */
export interface KnownDevice {
  readonly id: string;
  readonly healthy: boolean;
  /** Its plug-in has gone: nobody knows how it is. */
  readonly unwatched?: boolean;
  /** Memory banks it is close to; none where its plug-in does not say. */
  readonly numaNodes?: readonly number[];
}

/** A device of some resource. */
export interface NamedDevice {
  readonly resource: string;
  readonly id: string;
  readonly numaNodes: readonly number[];
}

/** Which devices a container has, by resource. */
export type ContainerDevices = ReadonlyMap<string, readonly string[]>;

/** What a plug-in answered to `Allocate`: how a container uses its devices. */
export type DeviceAnswer = devicepluginv1beta1.ContainerAllocateResponse;

/** Devices of one resource that a container has; without an answer where its plug-in has not been asked yet. */
interface Given {
  readonly ids: readonly string[];
  readonly answer?: DeviceAnswer;
}

/** Where a container is: its pod's uid and its name. */
export const containerKey = (uid: string, container: string): string => `${uid}/${container}`;

/** The devices of a node and who has them: pure bookkeeping. */
export class DeviceTable {
  readonly #devices = new Map<string, readonly KnownDevice[]>();
  readonly #given = new Map<string, Map<string, Given>>();

  constructor(saved: SavedAllocations | OldAllocations = {}) {
    for (const [key, resources] of Object.entries<Readonly<Record<string, Given | readonly string[]>>>(saved)) {
      this.#given.set(key, new Map(Object.entries(resources).map(([resource, given]) => [resource, 'ids' in given ? given : { ids: given }])));
      // Known, and none to be had until its plug-in is back.
      for (const resource of Object.keys(resources)) this.#devices.set(resource, []);
    }
  }

  get allocations(): SavedAllocations {
    return Object.fromEntries([...this.#given].map(([key, resources]) => [key, Object.fromEntries(resources)]));
  }

  /** Resources that some plug-in has told of. */
  get resources(): string[] {
    return [...this.#devices.keys()];
  }

  set(resource: string, devices: readonly KnownDevice[]): void {
    this.#devices.set(resource, devices);
  }

  /** The plug-in is gone: none of its devices can be used, but those that are taken stay so. */
  drop(resource: string): void {
    this.#devices.set(resource, (this.#devices.get(resource) ?? []).map(({ id }) => ({ id, healthy: false, unwatched: true })));
  }

  capacity(resource: string): number {
    return this.#devices.get(resource)?.length ?? 0;
  }

  allocatable(resource: string): number {
    return (this.#devices.get(resource) ?? []).filter(({ healthy }) => healthy).length;
  }

  available(resource: string): string[] {
    const taken = new Set([...this.#given.values()].flatMap((resources) => resources.get(resource)?.ids ?? []));
    return (this.#devices.get(resource) ?? []).filter(({ id, healthy }) => healthy && !taken.has(id)).map(({ id }) => id);
  }

  /** Devices that can be used, of all resources. */
  get usable(): readonly NamedDevice[] {
    return [...this.#devices].flatMap(([resource, devices]) => devices.filter(({ healthy }) => healthy).map(({ id, numaNodes = [] }) => ({ resource, id, numaNodes })));
  }

  /** What a container has of all resources. */
  held(key: string): readonly NamedDevice[] {
    return [...this.of(key)].flatMap(([resource, ids]) => ids.map((id) => ({ resource, id, numaNodes: this.#devices.get(resource)?.find((device) => device.id === id)?.numaNodes ?? [] })));
  }

  /** How the devices of a container are, by resource: as the API's ResourceHealth says. */
  health(key: string): corev1.ResourceStatus[] {
    const of = (resource: string, id: string): string => {
      const device = this.#devices.get(resource)?.find((known) => known.id === id);
      return device === undefined || device.unwatched === true ? 'Unknown' : device.healthy ? 'Healthy' : 'Unhealthy';
    };
    return [...this.of(key)].map(([name, ids]) => ({ name, resources: ids.map((resourceID) => ({ resourceID, health: of(name, resourceID) })) }));
  }

  /** From where so many could be had; undefined where the plug-in does not say where its devices are. */
  hints(numaNodes: readonly number[], resource: string, needed: number, usable: readonly string[]): readonly TopologyHint[] | undefined {
    const healthy = (this.#devices.get(resource) ?? []).filter((device) => device.healthy);
    if (!healthy.some((device) => (device.numaNodes ?? []).length > 0)) return undefined;
    // One between two banks counts for the first of them only, lest it be counted twice.
    const count = (devices: readonly KnownDevice[], node: number): number => devices.filter((device) => device.numaNodes?.[0] === node).length;
    const free = healthy.filter(({ id }) => usable.includes(id));
    return countedHints(numaNodes, needed, (node) => count(healthy, node), (node) => count(free, node));
  }

  /** Devices in the order in which they are to be taken: those that are close, those that are not, those that do not say. */
  inOrder(resource: string, ids: readonly string[], affinity: NumaMask | undefined): readonly string[] {
    if (affinity === undefined) return ids;
    const rank = (id: string): number => {
      const nodes = this.#devices.get(resource)?.find((device) => device.id === id)?.numaNodes ?? [];
      return nodes.length === 0 ? 2 : nodes.some((node) => isIn(node, affinity)) ? 0 : 1;
    };
    return [...ids].sort((a, b) => rank(a) - rank(b));
  }

  /** Those of some devices that are as close as others that were chosen for it. */
  asCloseAs(resource: string, chosen: readonly string[], ids: readonly string[]): readonly string[] {
    const nodes = (id: string): readonly number[] => this.#devices.get(resource)?.find((device) => device.id === id)?.numaNodes ?? [];
    const near = new Set(chosen.flatMap(nodes));
    return near.size === 0 ? ids : ids.filter((id) => nodes(id).some((node) => near.has(node)));
  }

  of(key: string): ContainerDevices {
    return new Map([...this.#given.get(key) ?? []].map(([resource, { ids }]) => [resource, ids]));
  }

  answer(key: string, resource: string): DeviceAnswer | undefined {
    return this.#given.get(key)?.get(resource)?.answer;
  }

  /** `answer`: of the plug-in, to these very devices. */
  take(key: string, resource: string, ids: readonly string[], answer?: DeviceAnswer): void {
    const resources = this.#given.get(key) ?? new Map<string, Given>();
    resources.set(resource, { ids, ...(answer ? { answer } : {}) });
    this.#given.set(key, resources);
  }

  free(uid: string): boolean {
    const keys = [...this.#given.keys()].filter((key) => key.startsWith(`${uid}/`));
    for (const key of keys) this.#given.delete(key);
    return keys.length > 0;
  }

  /** Pods that have devices. */
  get pods(): string[] {
    return [...new Set([...this.#given.keys()].map((key) => key.split('/')[0] ?? ''))];
  }
}

/** As kubelets kept them that did not keep what plug-ins answered: those are asked again. */
export type OldAllocations = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Devices by container and resource, as they are kept on disk. */
export type SavedAllocations = Readonly<Record<string, Readonly<Record<string, Given>>>>;
