import { type metav1, type ResourceFacts, resourceFacts } from '@navarch/api';
import { createHash } from 'node:crypto';
import type { RemoteVersion } from '../registry/served-catalog';
import { localPriorities } from '../aggregation/local-api-services';
import { compareGroups, compareVersions, localGroupPriority } from './group-priority';

interface Version {
  readonly version: string;
  readonly resources: readonly ResourceFacts[];
  /** Another API server serves it, and does not answer now. */
  readonly isStale: boolean;
}

interface GroupVersions {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly Version[];
}

const groupVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`);

/** Names the stored form, whatever the version that is served, so that clients may notice that it changes (upstream's `StorageVersionHash`: eight bytes). */
function storageHash(kind: string, { group, version }: { readonly group: string; readonly version: string }): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}

/** What this server serves, in the old form (one document per group and version) and the new one (one for all). */
export class Discovery {
  private readonly groups: readonly GroupVersions[];

  /** `remote`: what other API servers serve besides. */
  constructor(facts: Iterable<ResourceFacts>, remote: Iterable<RemoteVersion> = []) {
    const byGroup = new Map<string, Map<string, ResourceFacts[]>>();
    const listOf = (group: string, version: string): ResourceFacts[] => {
      const versions = byGroup.get(group) ?? new Map<string, ResourceFacts[]>();
      byGroup.set(group, versions);
      const known = versions.get(version) ?? [];
      versions.set(version, known);
      return known;
    };
    const stale = new Set<string>();
    for (const one of facts) listOf(one.group, one.version).push(one);
    // A group stands where the highest of its APIServices wants it (SortedByGroupAndVersion of upstream's kube-aggregator).
    const groupRanks = new Map([...byGroup.keys()].map((group) => [group, localGroupPriority(group)]));
    const versionRanks = new Map<string, number>();
    for (const { group, version, facts: theirs, isStale, priorities } of remote) {
      listOf(group, version).push(...theirs);
      if (isStale) stale.add(groupVersionOf(group, version));
      groupRanks.set(group, Math.max(groupRanks.get(group) ?? 0, priorities.group));
      versionRanks.set(groupVersionOf(group, version), priorities.version);
    }
    const versionRank = (group: string, version: string): number => versionRanks.get(groupVersionOf(group, version)) ?? localPriorities(group, version)[1];
    const groupRank = (group: string): number => groupRanks.get(group) ?? 0;
    const before = (a: number, b: number): number => (a === b ? 0 : b - a);
    this.groups = [...byGroup]
      .sort(([a], [b]) => before(groupRank(a), groupRank(b)) || compareGroups(a, b))
      .map(([group, versions]) => ({
        group,
        versions: [...versions]
          .sort(([a], [b]) => before(versionRank(group, a), versionRank(group, b)) || compareVersions(a, b))
          .map(([version, resources]) => ({ version, resources: resources.sort((a, b) => (a.resource < b.resource ? -1 : 1)), isStale: stale.has(groupVersionOf(group, version)) })),
      }));
  }

  /** `/apis`. */
  groupList(): metav1.APIGroupList {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: this.groups.filter(({ group }) => group !== '').map((one) => this.apiGroup(one)) };
  }

  /** `/apis/<group>`. */
  group(name: string): metav1.APIGroup | undefined {
    const found = this.groups.find(({ group }) => group === name && group !== '');
    return found && { kind: 'APIGroup', apiVersion: 'v1', ...this.apiGroup(found) };
  }

  /** `/api/v1` and `/apis/<group>/<version>`. */
  resourceList(group: string, version: string): metav1.APIResourceList | undefined {
    const found = this.groups.find((one) => one.group === group)?.versions.find((one) => one.version === version);
    if (!found) return undefined;
    const resources: metav1.APIResource[] = [];
    for (const facts of found.resources) {
      const { resource, singularName, namespaced, kind, verbs, shortNames, categories, subresources, storedAs } = facts;
      resources.push({
        name: resource, singularName, namespaced, kind, verbs: [...verbs],
        ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
        ...(categories.length > 0 ? { categories: [...categories] } : {}),
        ...(storedAs ? { storageVersionHash: storageHash(kind, storedAs) } : {}),
      });
      for (const sub of subresources) {
        const foreign = sub.group !== group || sub.version !== version;
        resources.push({ name: `${resource}/${sub.name}`, singularName: '', namespaced, ...(foreign ? { group: sub.group, version: sub.version } : {}), kind: sub.kind, verbs: [...sub.verbs] });
      }
    }
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersionOf(group, version), resources };
  }

  /** `/api` or `/apis` for clients that ask for all at once. */
  aggregated(core: boolean): { readonly kind: string; readonly apiVersion: string; readonly metadata: object; readonly items: readonly object[] } {
    const items = this.groups
      .filter(({ group }) => (group === '') === core)
      .map(({ group, versions }) => ({
        metadata: group === '' ? {} : { name: group },
        versions: versions.map(({ version, resources, isStale }) => ({ version, resources: resources.map((facts) => aggregatedResource(facts)), freshness: isStale ? 'Stale' : 'Current' })),
      }));
    return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  }

  /** Every group and version, for indexes of documents. */
  groupVersions(): { group: string; version: string }[] {
    return this.groups.flatMap(({ group, versions }) => versions.map(({ version }) => ({ group, version })));
  }

  private apiGroup({ group, versions }: GroupVersions): metav1.APIGroup {
    const all = versions.map(({ version }) => ({ groupVersion: groupVersionOf(group, version), version }));
    return { name: group, versions: all, ...(all[0] ? { preferredVersion: all[0] } : {}) };
  }
}

/** Upstream leaves out what a built-in kind shares with its resource. */
function kindWithin(of: ResourceFacts, group: string, version: string, kind: string): object {
  const isPlain = group === of.group && version === of.version && resourceFacts(of.group, of.version, of.resource) !== undefined;
  return isPlain ? { group: '', version: '', kind } : { group, version, kind };
}

function aggregatedResource(facts: ResourceFacts): object {
  const { group, version, resource, singularName, kind, namespaced, verbs, shortNames, categories, subresources } = facts;
  return {
    resource,
    responseKind: kindWithin(facts, group, version, kind),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0
      ? { subresources: subresources.map((sub) => ({ subresource: sub.name, responseKind: kindWithin(facts, sub.group, sub.version, sub.kind), verbs: sub.verbs })) }
      : {}),
  };
}
