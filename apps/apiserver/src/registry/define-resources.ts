import { allResources, type KubeObject, publishedBodyOf, type ResourceFacts, type Strategy, strategyFor } from '@navarch/api';
import { type JsonObject, serializeForStorage } from '@navarch/apimachinery';
import { typeOf } from '../codec/decode-body';
import { conversionFor, storedAs } from './conversions';
import { FieldManager } from './field-manager';
import { Registry } from './registry';
import type { CostlyRule, ResourceDefinition } from './resource-definition';
import { type RegistryDeps, ResourceStore } from './resource-store';
import type { RuntimeConfig } from './runtime-config';
import { ServedResource } from './served-resource';

/** Rules of other groups that serve what this resource stores: Events. */
function strategiesElsewhere(group: string, resource: string): Record<string, Strategy> {
  const others = [...allResources()].filter((facts) => facts.group !== group && facts.resource === resource && storedAs(facts).group === group);
  return Object.fromEntries(others.flatMap((facts) => {
    const strategy = strategyFor(facts.group, resource)?.strategy;
    return strategy ? [[facts.group, strategy]] : [];
  }));
}

/** Gives a resource of the tables its definition. */
function definitionOf({ group, resource, kind, namespaced }: ResourceFacts, { eventTtlSeconds, furtherRules }: ResourceOptions): ResourceDefinition {
  const semantics = strategyFor(group, resource);
  if (!semantics) throw new Error(`no strategy for ${resource}.${group}`);
  const own = furtherRules?.[`${group}/${resource}`];
  const views = Object.keys(semantics.subresources).flatMap((view) => {
    const rule = furtherRules?.[`${group}/${resource}/${view}`];
    return rule ? [[view, rule] as const] : [];
  });
  const further = { ...(own ? { '': own } : {}), ...Object.fromEntries(views) };
  return {
    ...semantics,
    ...(semantics.ttlSeconds === undefined ? {} : { ttlSeconds: eventTtlSeconds }),
    group, resource, kind, namespaced,
    publish: publishedBodyOf(group, resource),
    further,
    strategiesElsewhere: strategiesElsewhere(group, resource),
  };
}

/** Makes a store for a definition: the one way a resource comes to be. */
function defineResource(definition: ResourceDefinition, deps: RegistryDeps): ResourceStore {
  const { group, kind, storageVersion, subresources } = definition;
  const builtIn = { group, version: storageVersion, kind };
  const type = typeOf(builtIn);
  const fieldManager = new FieldManager(type, group === '' ? storageVersion : `${group}/${storageVersion}`, 'status' in subresources, { builtIn }, deps.offload, definition.resets);
  return new ResourceStore(definition, deps, fieldManager, (object: KubeObject) => serializeForStorage(object as unknown as JsonObject, type));
}

export interface ResourceOptions {
  readonly runtimeConfig: RuntimeConfig;
  /** `--event-ttl`. */
  readonly eventTtlSeconds: number;
  /** By `<group>/<resource>`, and `<group>/<resource>/<subresource>` for what is written through that. */
  readonly furtherRules?: Readonly<Record<string, CostlyRule>>;
}

/** What is served: stored resources in the registry, and beside them those that are only posted to. */
export interface ServedTable {
  readonly registry: Registry;
  readonly virtualFacts: ReadonlyMap<string, ResourceFacts>;
  /** All of both, for discovery. */
  readonly facts: readonly ResourceFacts[];
}

/** The table of all built-in resources that this server serves. */
export function defineResources(options: ResourceOptions, deps: RegistryDeps): ServedTable {
  const registry = new Registry();
  const stores = new Map<string, ResourceStore>();
  const virtualFacts = new Map<string, ResourceFacts>();
  const served: ResourceFacts[] = [];
  for (const facts of allResources()) {
    if (!options.runtimeConfig.serves(facts)) continue;
    const { group, version, resource } = facts;
    if (!facts.verbs.includes('list')) {
      virtualFacts.set(`${group}/${version}/${resource}`, facts);
      served.push(facts);
      continue;
    }
    const home = storedAs(facts);
    const key = `${home.group}/${home.resource}`;
    let store = stores.get(key);
    if (!store) {
      const definition = definitionOf({ ...facts, group: home.group, resource: home.resource }, options);
      store = defineResource(definition, deps);
      stores.set(key, store);
    }
    registry.add(new ServedResource(facts, store, conversionFor(facts, store.definition)));
    // What nobody writes is not stored: component statuses are made when they are asked for.
    served.push(facts.verbs.includes('create') ? { ...facts, storedAs: { group: home.group, version: store.definition.storageVersion } } : facts);
  }
  return { registry, virtualFacts, facts: served };
}
