import { noSuchPath, notFound } from '@navarch/apimachinery';
import type { Authorizer } from '../pipeline';
import type { Registry } from '../registry/registry';
import type { ServedCatalog } from '../registry/served-catalog';
import type { ServedResource } from '../registry/served-resource';
import type { Answers } from './answer';
import type { Exchange } from './exchange';
import { deleteCollectionOf, deleteOne } from './handle-delete';
import { createOne } from './handle-create';
import { getOne, listMany } from './handle-read';
import { patchOne, putOne } from './handle-update';
import { requireNameInPath } from './name-in-path';
import type { SubresourceRoutes } from './subresource-routes';
import type { WatchRoute } from './handle-watch';
import { wholeObject } from '../registry/object-view';
import { sendPathNotFound } from './respond';
import { refusedVerb, requireRoute, verbNotAllowed } from './verb-not-allowed';

export interface ResourceHandlerDeps {
  readonly registry: Registry;
  readonly catalog: ServedCatalog;
  readonly answers: Answers;
  readonly watch: WatchRoute;
  readonly subresources: SubresourceRoutes;
  /** Asked before what cannot be read is deleted; without it nobody may. */
  readonly unsafeDeletes?: Authorizer;
}

/** Routes a request about a resource to its verb. */
export class ResourceHandler {
  constructor(private readonly deps: ResourceHandlerDeps) {}

  handle(exchange: Exchange): Promise<void> {
    const { info } = exchange;
    const { registry, answers, watch, subresources, unsafeDeletes } = this.deps;
    const served = registry.served(info.group, info.version, info.resource);
    if (!served || (info.namespace !== '' && !served.facts.namespaced && info.resource !== 'namespaces')) {
      return subresources.virtual(exchange) ?? this.nothingAt(exchange);
    }
    // All namespaces at once can be listed and watched, and nothing else.
    const everywhere = served.facts.namespaced && info.namespace === '';
    if (everywhere && info.name !== '') return this.nothingAt(exchange);
    if (everywhere && info.verb !== 'list' && info.verb !== 'watch') {
      if (served.traits.codec.isCustom) return this.nothingAt(exchange);
      throw verbNotAllowed();
    }
    exchange.isServed = true;
    if (served.traits.deprecation !== undefined) exchange.warn(served.traits.deprecation);
    if (info.subresource !== '') return subresources.handle(exchange, served) ?? this.nothingBelow(exchange, served);
    requireRoute(exchange, served);
    const { verbs } = served.facts;
    // Only a list has no name in its path, only a new object has none yet.
    const misplaced = info.verb === 'create' ? info.name !== '' : (info.verb === 'update' || info.verb === 'patch') && info.name === '';
    if (misplaced || !verbs.includes(info.verb)) throw refusedVerb(served, info.verb);
    if (info.name !== '') requireNameInPath(info.name);
    switch (info.verb) {
      case 'get':
        return getOne(exchange, answers, served, wholeObject(served));
      case 'list':
        return listMany(exchange, answers, served);
      case 'watch':
        return watch.handle(exchange, served);
      case 'create':
        return createOne(exchange, answers, served);
      case 'update':
        return putOne(exchange, answers, served, wholeObject(served));
      case 'patch':
        return patchOne(exchange, answers, served, wholeObject(served));
      case 'delete':
        return deleteOne(exchange, answers, served, unsafeDeletes);
      case 'deletecollection':
        return deleteCollectionOf(exchange, answers, served, unsafeDeletes);
      default:
        throw verbNotAllowed();
    }
  }

  /** 404 for a subresource that there is not: the handler of custom resources knows the object, upstream's router only paths. */
  private nothingBelow(exchange: Exchange, { store: { groupResource }, traits: { codec } }: ServedResource): Promise<void> {
    if (codec.isCustom) throw notFound(groupResource, exchange.info.name);
    return this.nothingAt(exchange);
  }

  /**
   * 404: a Status where upstream's router knows the group, plain text where nobody does (`serviceErrorHandler` of its
   * `pkg/server`, the director before it, and its mux).
   */
  private nothingAt(exchange: Exchange): Promise<void> {
    if (this.deps.catalog.isBuiltIn(exchange.info.group)) throw noSuchPath();
    return sendPathNotFound(exchange);
  }
}
