import type { OpenApiResource } from './openapi-input';
import type { Silent } from './operations';
import type { ParameterName } from './parameters';

/** A path by which something was watched before lists could be, with what is done there. */
export interface WatchPath {
  readonly path: string;
  readonly parameters: readonly ParameterName[];
  readonly operation: Silent;
}

/** What such paths have in common with the list of the same resource. */
interface Listed extends Pick<Silent, 'kind' | 'tag'> {
  /** `/api/v1` */
  readonly base: string;
  readonly listParameters: readonly ParameterName[];
  /** `CoreV1` */
  readonly group: string;
}

/** The deprecated paths below `/watch/`, which upstream's documents name beside those that took their place. */
export function watchPaths({ namespaced, resource, kind: name }: OpenApiResource, { base, listParameters, group, kind, tag }: Listed): WatchPath[] {
  const operation = (id: string, action: 'watch' | 'watchlist'): Silent => ({ kind, tag, method: 'get', id: `watch${group}${id}`, action, parameters: [], body: undefined, answer: 'event', codes: ['200'] });
  const at = (path: string, parameters: readonly ParameterName[], id: string, action: 'watch' | 'watchlist'): WatchPath => ({ path: `${base}/watch/${path}`, parameters: [...listParameters, ...parameters], operation: operation(id, action) });
  if (!namespaced) return [at(resource, ['pretty'], `${name}List`, 'watchlist'), at(`${resource}/{name}`, ['name', 'pretty'], name, 'watch')];
  return [
    at(resource, ['pretty'], `${name}ListForAllNamespaces`, 'watchlist'),
    at(`namespaces/{namespace}/${resource}`, ['namespace', 'pretty'], `Namespaced${name}List`, 'watchlist'),
    at(`namespaces/{namespace}/${resource}/{name}`, ['name', 'namespace', 'pretty'], `Namespaced${name}`, 'watch'),
  ];
}
