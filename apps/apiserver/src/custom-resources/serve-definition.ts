import type { KubeObject, ResourceFacts, SubresourceFacts } from '@navarch/api';
import { type JsonObject, parseJsonBytes, serializeForStorage } from '@navarch/apimachinery';
import { columnsOf, type CustomResourceDefinition, CustomVersion, publishedSchemas, type RuleObserver, textAt, type Written } from '@navarch/custom-resources';
import { compareVersions } from '../discovery/group-priority';
import { objectMetaType } from '../codec/object-meta-type';
import { customSource } from '../offload/kind-source';
import { FieldManager } from '../registry/field-manager';
import type { KindTraits } from '../registry/kind-traits';
import type { CostlyRule, ResourceDefinition, StoredForm } from '../registry/resource-definition';
import { type Cached, type RegistryDeps, ResourceStore } from '../registry/resource-store';
import { SelectableFields } from '../registry/selectable-fields';
import type { CustomEntry } from '../registry/served-catalog';
import { ServedResource, type VersionConversion } from '../registry/served-resource';
import { ConversionWebhook, type WebhookCaller } from './conversion-webhook';
import { CustomCodec } from './custom-codec';
import { customRules } from './custom-rules';
import { customScaleView } from './custom-scale';
import { customStatusStrategy, customStrategy } from './custom-strategy';
import { rulesByVersion } from './rules-by-version';
import { storedGeneration, storedVersion } from './stored-versions';
import { byWebhook, renaming, showing } from './version-conversions';

/** All else is reset through the `status` view, the metadata too. */
const OWNED_AT_STATUS = new Set(['apiVersion', 'kind', 'status']);
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const VIEW_VERBS = ['get', 'patch', 'update'];

/** All that a definition brings: its resource in each served version, and what is said of it. */
export interface ServedDefinition {
  readonly resources: readonly ServedResource[];
  readonly store: ResourceStore;
  readonly entry: CustomEntry;
}

function factsOf({ spec, status }: CustomResourceDefinition, { name: version, hasStatus, scale }: CustomVersion, storage: CustomVersion): ResourceFacts {
  const { group, scope } = spec;
  const names = status?.acceptedNames ?? spec.names;
  const view = (name: string, of: Pick<SubresourceFacts, 'group' | 'kind' | 'version'>): SubresourceFacts => ({ name, ...of, verbs: VIEW_VERBS, servedByDefault: true });
  return {
    group, version, resource: names.plural, singularName: names.singular ?? '', kind: names.kind, namespaced: scope === 'Namespaced', verbs: VERBS,
    shortNames: names.shortNames ?? [], categories: names.categories ?? [], servedByDefault: true, storedAs: { group, version: storage.name },
    subresources: [...(hasStatus ? [view('status', { group, version, kind: names.kind })] : []), ...(scale ? [view('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })] : [])],
  };
}

/** What the cache does with bytes of older schemas: defaults come, unknown fields go, and without a webhook the version becomes that of the storage. */
function storedFormOf(definition: CustomResourceDefinition, versions: ReadonlyMap<string, CustomVersion>, storage: CustomVersion): StoredForm {
  const generation = storedGeneration(storage.name, definition.metadata.generation ?? 0);
  const names = [...versions.keys()];
  const byWebhooks = definition.spec.conversion?.strategy === 'Webhook';
  return {
    generation,
    isOutdated: (recorded) => recorded !== generation && storedVersion(recorded, names) !== storage.name,
    upgrade(bytes, recorded) {
      const written = versions.get(storedVersion(recorded, names) ?? storage.name) ?? storage;
      const object = parseJsonBytes(bytes) as JsonObject;
      written.prune(object);
      written.applyDefaults(object);
      const result = byWebhooks ? written : storage;
      if (result !== written) result.prune(object);
      return serializeForStorage(object, result.type);
    },
  };
}

function selectableOf(version: CustomVersion): Record<string, (object: KubeObject) => string> {
  return Object.fromEntries([...version.selectableFields].map(([name, path]) => [name, (object: KubeObject) => textAt(object as unknown as JsonObject, path)]));
}

/** Upstream's defaultDeprecationWarning: it names the best of the newer versions that are served and not deprecated themselves. */
function deprecationOf({ group, names, versions }: CustomResourceDefinition['spec'], deprecated: string): string {
  const [better] = versions.filter((one) => one.served && one.deprecated !== true && compareVersions(one.name, deprecated) < 0).sort((a, b) => compareVersions(a.name, b.name));
  return `${group}/${deprecated} ${names.kind} is deprecated${better === undefined ? '' : `; use ${group}/${better.name} ${names.kind}`}`;
}

/** @param isStored whether objects of this version are what the cache holds, whose fields it knows by itself */
function traitsOf(definition: CustomResourceDefinition, version: CustomVersion, isStored: boolean, self: () => ServedResource): KindTraits {
  const { spec, status } = definition;
  const { names, group } = spec;
  const { deprecated = false, deprecationWarning } = version.version;
  return {
    codec: new CustomCodec({ group, version: version.name, kind: names.kind }, version, customSource(definition, version.version)),
    printer: columnsOf(version.version),
    listKind: status?.acceptedNames?.listKind ?? names.listKind ?? `${names.kind}List`,
    ...(isStored ? {} : { fields: new SelectableFields(group, names.plural, spec.scope === 'Namespaced', selectableOf(version)) }),
    deprecation: deprecated ? (deprecationWarning ?? deprecationOf(spec, version.name)) : undefined,
    scale() {
      if (!version.scale) throw new Error(`${names.plural} have no scale`);
      return customScaleView(self(), version.scale);
    },
  };
}

/** Makes the store and the served versions of an established definition. Registers the store with the cache. */
export function serveDefinition(definition: CustomResourceDefinition, deps: RegistryDeps, caller: WebhookCaller, isTerminating: () => boolean, observer?: RuleObserver): ServedDefinition {
  const { spec, status } = definition;
  const { group, conversion } = spec;
  const versions = new Map(spec.versions.map((version) => [version.name, new CustomVersion(definition, version, objectMetaType(), observer)] as const));
  const storage = versions.get(spec.versions.find((version) => version.storage)?.name ?? '');
  if (!storage) throw new Error(`${definition.metadata.name ?? ''} has no version that is stored`);
  const source = customSource(definition, storage.version);
  const namespaced = spec.scope === 'Namespaced';
  const webhook = conversion?.strategy === 'Webhook' ? new ConversionWebhook(definition, caller) : undefined;
  const show = showing(storage, versions, webhook, group);
  const rulesFor = (written: Written): CostlyRule =>
    rulesByVersion(
      new Map(
        [...versions].map(
          ([name, version]) => [name, customRules(version, customSource(definition, version.version), namespaced, deps.offload, written)] as const,
        ),
      ),
      storage.name,
      show,
      (field) => webhook === undefined && !storage.knows(field),
    );
  const { plural } = status?.acceptedNames ?? spec.names;
  const resource: ResourceDefinition = {
    group, resource: plural, kind: spec.names.kind, namespaced, publish: 'metadata',
    storageVersion: storage.name, createOnUpdate: false, unconditionalUpdate: false, returnsDeleted: false, defaultPropagation: 'Background',
    strategy: customStrategy(storage, isTerminating),
    further: { '': rulesFor(''), ...(storage.hasStatus ? { status: rulesFor('status') } : {}) },
    subresources: storage.hasStatus ? { status: customStatusStrategy() } : {},
    selectable: selectableOf(storage),
    storedForm: storedFormOf(definition, versions, storage),
  };
  const fieldManager = new FieldManager(storage.type, `${group}/${storage.name}`, storage.hasStatus, source, deps.offload, {
    status: [...storage.type.fields.keys()].filter((name) => !OWNED_AT_STATUS.has(name)),
  });
  // As if it were read from etcd: what the version that is stored has defaults for is there, in whichever version it was written.
  const store = new ResourceStore(resource, deps, fieldManager, (object) => {
    storage.applyDefaults(object as unknown as JsonObject);
    return serializeForStorage(object as unknown as JsonObject, storage.type);
  });
  const storedOf = (object: Cached): string => storedVersion(object.schemaGeneration, [...versions.keys()]) ?? storage.name;
  const conversionOf = (version: CustomVersion): VersionConversion | undefined =>
    webhook ? byWebhook(version, storage, webhook, storedOf) : version === storage ? undefined : renaming(version, storage);
  const resources = spec.versions.filter(({ served }) => served).flatMap(({ name }) => {
    const version = versions.get(name);
    if (!version) return [];
    const served: ServedResource = new ServedResource(factsOf(definition, version, storage), store, conversionOf(version), traitsOf(definition, version, version === storage && !webhook, () => served));
    return [served];
  });
  if (webhook) {
    const own: ServedResource = new ServedResource(factsOf(definition, storage, storage), store, conversionOf(storage), traitsOf(definition, storage, false, () => own));
    store.settled = async (object) => {
      await own.prepare([object]);
      return own.object(object);
    };
  }
  const schemas = Object.assign({}, ...spec.versions.filter(({ served }) => served).map((version) => publishedSchemas(definition, version))) as CustomEntry['schemas'];
  return { resources, store, entry: { facts: resources.map(({ facts }) => facts), schemas } };
}
