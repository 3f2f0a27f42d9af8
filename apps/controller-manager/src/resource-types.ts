import { allResources, apiextensions, type apiextensionsv1, type KubeObject, publishedBodyOf, type ResourceType } from '@navarch/api';
import { formatGroupVersion, parseGroupVersion } from '@navarch/apimachinery';
import type { ObjectSource, ObjectSources } from '@navarch/reconcile';

/** Any resource, when only its metadata matters. */
export type AnyResource = ResourceType<KubeObject>;

/** Changes of it go by key alone on NATS: a watch is cheaper than a GET for each. */
export const followsByWatch = ({ group, resource }: AnyResource): boolean => publishedBodyOf(group, resource) === 'key';

/**
 * The resources whose objects can be listed and deleted: the built-in ones of this version, each in the version that
 * is served by default, and those that CustomResourceDefinitions add.
 */
export class ResourceTypes {
  readonly definitions: ObjectSource<apiextensionsv1.CustomResourceDefinition>;
  readonly #builtIn = builtInTypes();

  constructor(sources: ObjectSources) {
    this.definitions = sources.informer(apiextensions.customresourcedefinitions, { alwaysWatch: true });
  }

  all(): AnyResource[] {
    return [...this.#builtIn, ...this.definitions.list().flatMap(typesOf)];
  }

  /** The resource of an object's apiVersion and kind; undefined when nothing of that kind is known. */
  ofKind(apiVersion: string, kind: string): AnyResource | undefined {
    const group = parseGroupVersion(apiVersion)?.group;
    return this.all().find((type) => type.kind === kind && type.group === group);
  }

  /** As `ofKind`, but only for a version in which the kind may be served: what an object of another version would be, nobody can tell. */
  servedAs(apiVersion: string, kind: string): AnyResource | undefined {
    const type = this.ofKind(apiVersion, kind);
    if (type === undefined || formatGroupVersion(type) === apiVersion) return type;
    const isBuiltIn = builtInKinds.has(`${apiVersion}/${kind}`);
    return isBuiltIn ||
      this.definitions
        .list()
        .some(
          ({ spec }) =>
            spec.group === type.group && spec.names.kind === kind && spec.versions.some(({ name, served }) => served && `${spec.group}/${name}` === apiVersion),
        )
      ? type
      : undefined;
  }
}

/** In any version, served by default or not: an apiserver can be told to. */
const builtInKinds = new Set(Array.from(allResources(), (type) => `${formatGroupVersion(type)}/${type.kind}`));

/** One version of each. */
function builtInTypes(): AnyResource[] {
  const types = new Map<string, AnyResource>();
  for (const { group, version, resource, kind, namespaced, verbs, servedByDefault } of allResources()) {
    const usable = servedByDefault && ['list', 'watch', 'delete', 'get', 'patch'].every((verb) => verbs.includes(verb));
    const known = types.get(`${group}/${resource}`);
    if (usable && (known === undefined || isStabler(version, known.version))) types.set(`${group}/${resource}`, { group, version, resource, kind, namespaced });
  }
  return [...types.values()];
}

/** v2 before v1 before v1beta1 before v1alpha1. */
function isStabler(a: string, b: string): boolean {
  const rank = (version: string): number[] => {
    const [, major = '0', stage = '', minor = '0'] = /^v(\d+)(alpha|beta)?(\d+)?$/.exec(version) ?? [];
    return [stage === '' ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor)];
  };
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
}

function typesOf({ spec, status }: apiextensionsv1.CustomResourceDefinition): AnyResource[] {
  const isEstablished = status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') === true;
  const version = spec.versions.find(({ served }) => served)?.name;
  if (!isEstablished || version === undefined) return [];
  return [{ group: spec.group, version, resource: spec.names.plural, kind: spec.names.kind, namespaced: spec.scope === 'Namespaced' }];
}
