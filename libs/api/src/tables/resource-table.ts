import { dataFile } from './data-file';
import { newerNaming, type ResourceNaming } from './naming';

/** A resource as discovery shows it, of one version. */
export interface ResourceFacts {
  /** Empty for core. */
  readonly group: string;
  readonly version: string;
  /** Plural name, as in URLs. */
  readonly resource: string;
  readonly singularName: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Served without being asked for by `--runtime-config`. */
  readonly servedByDefault: boolean;
  readonly subresources: readonly SubresourceFacts[];
  /** Group and version of its stored form, once a server stores it: they are not in the tables. */
  readonly storedAs?: { readonly group: string; readonly version: string };
}

/** `status`, `scale`, `log` ... of a resource. */
export interface SubresourceFacts {
  readonly name: string;
  /** Group and version of the kind, where it is not the resource's own (`autoscaling/v1` Scale). */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly servedByDefault: boolean;
}

interface RawResource {
  readonly verbs: readonly string[];
  readonly namespaced: boolean;
  readonly kind: string;
  readonly default: boolean;
}

const rawResources = dataFile<{ readonly resources: Readonly<Record<string, RawResource>> }>('resources');
const measuredNaming = dataFile<{ readonly resources: Readonly<Record<string, ResourceNaming>> }>('printing');

/** Verbs that discovery shows for a subresource which is reached by connecting. */
const connectVerbs: Readonly<Record<string, readonly string[]>> = {
  attach: ['create', 'get'],
  exec: ['create', 'get'],
  portforward: ['create', 'get'],
  proxy: ['create', 'delete', 'get', 'patch', 'update'],
};

let table: ReadonlyMap<string, ResourceFacts> | undefined;

function namingOf(group: string, version: string, resource: string): ResourceNaming {
  const measured = measuredNaming().resources[group === '' ? `${version}/${resource}` : `${group}/${version}/${resource}`];
  return newerNaming[`${group}/${resource}`] ?? measured ?? {};
}

function subresource(name: string, raw: RawResource, group: string, version: string): SubresourceFacts {
  // A foreign kind is written with its group and version: `autoscaling/v1 Scale`.
  const foreign = /^(.+)\/(\S+) (\S+)$/.exec(raw.kind);
  return {
    name,
    group: foreign?.[1] ?? group,
    version: foreign?.[2] ?? version,
    kind: foreign?.[3] ?? raw.kind,
    verbs: raw.verbs.includes('connect') ? (connectVerbs[name] ?? ['get']) : raw.verbs,
    servedByDefault: raw.default,
  };
}

function load(): ReadonlyMap<string, ResourceFacts> {
  const loaded = new Map<string, ResourceFacts & { subresources: SubresourceFacts[] }>();
  for (const [path, raw] of Object.entries(rawResources().resources)) {
    const [group = '', version = '', resource = '', name] = path.startsWith('v1/') ? ['', ...path.split('/')] : path.split('/');
    const key = `${group}/${version}/${resource}`;
    if (name !== undefined) {
      loaded.get(key)?.subresources.push(subresource(name, raw, group, version));
      continue;
    }
    const { shortNames = [], categories = [] } = namingOf(group, version, resource);
    const { kind, namespaced, verbs, default: servedByDefault } = raw;
    loaded.set(key, { group, version, resource, singularName: kind.toLowerCase(), kind, namespaced, verbs, shortNames, categories, servedByDefault, subresources: [] });
  }
  return loaded;
}

const resources = (): ReadonlyMap<string, ResourceFacts> => (table ??= load());

/** Every built-in resource in every version, also those that are served only on request. */
export function allResources(): Iterable<ResourceFacts> {
  return resources().values();
}

/** The facts of one built-in resource, or undefined. */
export function resourceFacts(group: string, version: string, resource: string): ResourceFacts | undefined {
  return resources().get(`${group}/${version}/${resource}`);
}

/** GA before beta before alpha, newer before older. */
function compareVersions(a: string, b: string): number {
  const rank = (version: string): number => (/^v\d+$/.test(version) ? 2 : version.includes('beta') ? 1 : 0);
  return rank(b) - rank(a) || (a < b ? 1 : -1);
}

/** The most settled version of a resource: the one that objects are stored in. */
export function preferredResource(group: string, matches: (facts: ResourceFacts) => boolean): ResourceFacts | undefined {
  return [...resources().values()].filter((facts) => facts.group === group && matches(facts)).sort((a, b) => compareVersions(a.version, b.version))[0];
}
