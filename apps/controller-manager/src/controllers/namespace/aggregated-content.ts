import { apiregistration, type apiregistrationv1, type KubeObject, type metav1 } from '@navarch/api';
import { isMethodNotAllowed, isNotFound } from '@navarch/apimachinery';
import type { ObjectSource, ObjectSources } from '@navarch/reconcile';
import { messageOf } from '../../errors';
import type { RestApi } from '../../rest/json-reader';
import type { Remaining } from './conditions';
import { countRemaining } from './sync';

type APIService = apiregistrationv1.APIService;

/** A resource of another API server. */
export interface AggregatedResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** What other API servers keep in namespaces. */
export interface AggregatedDiscovery {
  readonly resources: readonly AggregatedResource[];
  /** By `<group>/<version>`: why nobody knows what it keeps. */
  readonly failures: ReadonlyMap<string, string>;
}

const isAvailable = ({ status }: APIService): boolean => status?.conditions?.some(({ type, status: value }) => type === 'Available' && value === 'True') === true;

/** Finds and deletes what other API servers keep in a namespace: through REST, as they have no other door. */
export class AggregatedContent {
  readonly services: ObjectSource<APIService>;
  readonly #rest: RestApi;

  constructor(sources: ObjectSources, rest: RestApi) {
    this.services = sources.informer(apiregistration.apiservices);
    this.#rest = rest;
  }

  /** What can be deleted there, each resource in one version. An API server that is not available may keep anything. */
  async discover(signal: AbortSignal): Promise<AggregatedDiscovery> {
    const resources = new Map<string, AggregatedResource>();
    const failures = new Map<string, string>();
    const remote = this.services.list().filter(({ spec }) => spec?.service !== undefined).sort((a, b) => (b.spec?.versionPriority ?? 0) - (a.spec?.versionPriority ?? 0));
    for (const service of remote) {
      const { group = '', version = '' } = service.spec ?? {};
      const groupVersion = `${group}/${version}`;
      if (!isAvailable(service)) {
        failures.set(groupVersion, `stale GroupVersion discovery: ${groupVersion}`);
        continue;
      }
      try {
        const { resources: found = [] } = await this.#rest.get<Partial<metav1.APIResourceList>>(`/apis/${groupVersion}`, signal);
        for (const { name, kind, namespaced, verbs } of found) {
          const key = `${name}.${group}`;
          if (namespaced && !name.includes('/') && verbs.includes('delete') && !resources.has(key)) resources.set(key, { group, version, resource: name, kind, namespaced, verbs });
        }
      } catch (error) {
        signal.throwIfAborted();
        failures.set(groupVersion, messageOf(error));
      }
    }
    return { resources: [...resources.values()], failures };
  }

  /** Deletes all objects of a resource in a namespace. @throws ApiError */
  async deleteAll(resource: AggregatedResource, namespace: string, signal: AbortSignal): Promise<Remaining> {
    const { verbs } = resource;
    const path = `/apis/${resource.group}/${resource.version}/namespaces/${namespace}/${resource.resource}`;
    try {
      if (verbs.includes('deletecollection')) await this.#rest.delete(`${path}?propagationPolicy=Background`, signal);
      else if (verbs.includes('list')) {
        const toDelete = (await this.#list(path, signal)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        await Promise.all(toDelete.map(({ metadata: { name = '' } }) => this.#rest.delete(`${path}/${name}?propagationPolicy=Background`, signal).catch(unlessGone)));
      }
      return countRemaining(resource, verbs.includes('list') ? await this.#list(path, signal) : []);
    } catch (error) {
      if (isNotFound(error) || isMethodNotAllowed(error)) return countRemaining(resource, []);
      throw error;
    }
  }

  async #list(path: string, signal: AbortSignal): Promise<readonly KubeObject[]> {
    return (await this.#rest.get<{ items?: readonly KubeObject[] }>(path, signal)).items ?? [];
  }
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
