import { apiextensions } from '@navarch/api';
import { exactJsonText } from '@navarch/apimachinery';
import type { Component } from '@navarch/component-base';
import { type CustomResourceDefinition, isTrue, type RuleObserver } from '@navarch/custom-resources';
import type { ObjectReader } from '../pipeline';
import type { Registry } from '../registry/registry';
import type { RegistryDeps, ResourceStore } from '../registry/resource-store';
import type { ServedCatalog } from '../registry/served-catalog';
import type { ServedResource } from '../registry/served-resource';
import type { WebhookCaller } from './conversion-webhook';
import { isReachable } from './reachable';
import { serveDefinition } from './serve-definition';

export interface CustomResourcesDeps {
  readonly reader: ObjectReader;
  readonly registry: Registry;
  readonly catalog: ServedCatalog;
  readonly resources: RegistryDeps;
  readonly caller: WebhookCaller;
  readonly observer?: RuleObserver;
}

interface Installed {
  /** What decides how the resource is served. */
  readonly shape: string;
  readonly served: readonly ServedResource[];
  readonly store: ResourceStore;
}

/** Serves what established definitions define, on this server, from the moment its cache knows of them. */
export class CustomResources implements Component {
  readonly name = 'custom-resources';
  private readonly installed = new Map<string, Installed>();
  /** Definitions that are being deleted, with their objects. */
  private readonly terminating = new Set<string>();
  private stopFollowing: (() => void) | undefined;

  constructor(private readonly deps: CustomResourcesDeps) {}

  start(): Promise<void> {
    const { reader } = this.deps;
    // Changes come while the cache applies a revision; what is registered with it has to wait until it is done.
    this.stopFollowing ??= reader.onChange(apiextensions.customresourcedefinitions, ({ type, object }) => setImmediate(() => this.follow(object, type === 'delete')));
    for (const definition of reader.list(apiextensions.customresourcedefinitions)) this.follow(definition, false);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.stopFollowing?.();
    this.stopFollowing = undefined;
    return Promise.resolve();
  }

  /** Where a definition's objects are, also while none of its versions is served. */
  storeOf(definitionName: string): ResourceStore | undefined {
    return this.installed.get(definitionName)?.store;
  }

  private follow(definition: CustomResourceDefinition, gone: boolean): void {
    const name = definition.metadata.name ?? '';
    if (!gone && isTrue(definition, 'Terminating')) this.terminating.add(name);
    else this.terminating.delete(name);
    // Objects stay reachable while they are being deleted: whoever cleans up after them needs to see them. Names that are lost later change nothing.
    if (gone || !isTrue(definition, 'Established')) {
      this.uninstall(name);
      return;
    }
    const { group, versions, scope, conversion, names } = definition.spec;
    const shape = exactJsonText([group, versions, scope, conversion, names, definition.status?.acceptedNames]);
    if (this.installed.get(name)?.shape === shape) return;
    try {
      this.install(name, definition, shape);
    } catch (error) {
      // One definition that cannot be served must not keep others from it.
      this.deps.resources.log.error({ err: error, customResourceDefinition: name }, 'definition cannot be served');
    }
  }

  private install(name: string, definition: CustomResourceDefinition, shape: string): void {
    const { registry, catalog, resources, caller, observer } = this.deps;
    if (!isReachable(definition, registry)) {
      this.uninstall(name);
      return;
    }
    const { resources: served, store, entry } = serveDefinition(definition, resources, caller, () => this.terminating.has(name), observer);
    const before = this.installed.get(name)?.served ?? [];
    for (const { facts } of before) registry.remove(facts.group, facts.version, facts.resource);
    for (const one of served) registry.add(one);
    this.installed.set(name, { shape, served, store });
    catalog.set(name, entry);
  }

  private uninstall(name: string): void {
    const { registry, catalog, resources } = this.deps;
    const found = this.installed.get(name);
    if (!found) return;
    this.installed.delete(name);
    for (const { facts } of found.served) registry.remove(facts.group, facts.version, facts.resource);
    resources.cache.unregister(found.store.prefix);
    catalog.delete(name);
  }
}
