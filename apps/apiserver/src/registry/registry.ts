import type { KubeObject, ResourceType } from '@navarch/api';
import type { ResourceStore } from './resource-store';
import type { ServedResource } from './served-resource';

/** All resources that are served, by group, version and plural name. */
export class Registry {
  private readonly byPath = new Map<string, ServedResource>();
  /** By group and plural name: looked up ten times in a write, so that names are not joined each time. */
  private readonly stores = new Map<string, Map<string, ResourceStore>>();
  private readonly byPrefix = new Map<string, ResourceStore>();

  add(served: ServedResource): void {
    const { group, version, resource } = served.facts;
    this.byPath.set(`${group}/${version}/${resource}`, served);
    const { definition } = served.store;
    let ofGroup = this.stores.get(definition.group);
    if (!ofGroup) this.stores.set(definition.group, (ofGroup = new Map<string, ResourceStore>()));
    ofGroup.set(definition.resource, served.store);
    this.byPrefix.set(served.store.prefix, served.store);
  }

  /** No longer serves one version of a resource. */
  remove(group: string, version: string, resource: string): void {
    const path = `${group}/${version}/${resource}`;
    const { store } = this.byPath.get(path) ?? {};
    this.byPath.delete(path);
    if (store && [...this.byPath.values()].every((other) => other.store !== store) && this.store(group, resource) === store) {
      this.stores.get(group)?.delete(resource);
      this.byPrefix.delete(store.prefix);
    }
  }

  served(group: string, version: string, resource: string): ServedResource | undefined {
    return this.byPath.get(`${group}/${version}/${resource}`);
  }

  /** Whether a group has built-in kinds, in whatever version. */
  hasBuiltIns(group: string): boolean {
    for (const { facts, traits } of this.byPath.values()) if (facts.group === group && !traits.codec.isCustom) return true;
    return false;
  }

  /** The version that clients get who name none: the one stored, else any. */
  preferred(group: string, resource: string): ServedResource | undefined {
    const store = this.store(group, resource);
    const stored = store && this.byPath.get(`${group}/${store.definition.storageVersion}/${resource}`);
    if (stored) return stored;
    for (const served of this.byPath.values()) if (served.facts.group === group && served.facts.resource === resource) return served;
    return undefined;
  }

  store(group: string, resource: string): ResourceStore | undefined {
    return this.stores.get(group)?.get(resource);
  }

  /** By what its keys begin with. */
  storeAt(prefix: string): ResourceStore | undefined {
    return this.byPrefix.get(prefix);
  }

  /** @throws for a resource that is not served: a mistake of the caller */
  storeOf<T extends KubeObject>(type: ResourceType<T>): ResourceStore {
    const store = this.store(type.group, type.resource);
    if (!store) throw new Error(`resource ${type.resource}.${type.group} is not served`);
    return store;
  }

  all(): Iterable<ServedResource> {
    return this.byPath.values();
  }

  *allStores(): Iterable<ResourceStore> {
    for (const ofGroup of this.stores.values()) yield* ofGroup.values();
  }
}
