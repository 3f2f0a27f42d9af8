/** A device as its plug-in tells of it. */
export interface KnownDevice {
  readonly id: string;
  readonly healthy: boolean;
}

/** Which devices a container has, by resource. */
export type ContainerDevices = ReadonlyMap<string, readonly string[]>;

/** Where a container is: its pod's uid and its name. */
export const containerKey = (uid: string, container: string): string => `${uid}/${container}`;

/** The devices of a node and who has them: pure bookkeeping. */
export class DeviceTable {
  readonly #devices = new Map<string, readonly KnownDevice[]>();
  readonly #taken = new Map<string, Map<string, readonly string[]>>();

  constructor(saved: SavedAllocations = {}) {
    for (const [key, resources] of Object.entries(saved)) {
      this.#taken.set(key, new Map(Object.entries(resources)));
      // Known, and none to be had until its plug-in is back.
      for (const resource of Object.keys(resources)) this.#devices.set(resource, []);
    }
  }

  get allocations(): SavedAllocations {
    return Object.fromEntries([...this.#taken].map(([key, resources]) => [key, Object.fromEntries(resources)]));
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
    this.#devices.set(resource, (this.#devices.get(resource) ?? []).map(({ id }) => ({ id, healthy: false })));
  }

  capacity(resource: string): number {
    return this.#devices.get(resource)?.length ?? 0;
  }

  allocatable(resource: string): number {
    return (this.#devices.get(resource) ?? []).filter(({ healthy }) => healthy).length;
  }

  available(resource: string): string[] {
    const taken = new Set([...this.#taken.values()].flatMap((resources) => resources.get(resource) ?? []));
    return (this.#devices.get(resource) ?? []).filter(({ id, healthy }) => healthy && !taken.has(id)).map(({ id }) => id);
  }

  of(key: string): ContainerDevices {
    return this.#taken.get(key) ?? new Map();
  }

  take(key: string, resource: string, ids: readonly string[]): void {
    const resources = this.#taken.get(key) ?? new Map<string, readonly string[]>();
    resources.set(resource, ids);
    this.#taken.set(key, resources);
  }

  free(uid: string): boolean {
    const keys = [...this.#taken.keys()].filter((key) => key.startsWith(`${uid}/`));
    for (const key of keys) this.#taken.delete(key);
    return keys.length > 0;
  }

  /** Pods that have devices. */
  get pods(): string[] {
    return [...new Set([...this.#taken.keys()].map((key) => key.split('/')[0] ?? ''))];
  }
}

/** Devices by container and resource, as they are kept on disk. */
export type SavedAllocations = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
