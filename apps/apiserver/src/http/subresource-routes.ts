import type { SubresourceFacts } from '@navarch/api';
import { noSuchPath } from '@navarch/apimachinery';
import { type ObjectView, wholeObject } from '../registry/object-view';
import type { Offload } from '../offload/offloaded-work';
import type { Posts } from '../registry/post';
import { builtInCodec } from '../codec/kind-codec';
import type { ServedResource } from '../registry/served-resource';
import type { Answers } from './answer';
import type { ConnectRoutes } from './connect-routes';
import type { Exchange } from './exchange';
import { getOne } from './handle-read';
import { patchOne, putOne } from './handle-update';
import { readObject } from './read-object';
import { refusedVerb, requireRoute, verbNotAllowed } from './verb-not-allowed';
import { writeContext } from './write-options';

export interface SubresourceRoutesDeps {
  readonly answers: Answers;
  /** For what is only posted: it has neither rows nor metadata worth an answer of their own. */
  readonly postAnswers: Answers;
  readonly connect: ConnectRoutes;
  readonly posts: Posts;
  readonly offload: Offload;
}

/** What a path below an object shows. */
export function viewOf(served: ServedResource, subresource: string): ObjectView {
  return subresource === 'scale' ? served.traits.scale() : wholeObject(served, subresource);
}

/** Requests below an object (`status`, `scale`, `binding`), and resources that are only posted to. */
export class SubresourceRoutes {
  constructor(private readonly deps: SubresourceRoutesDeps) {}

  /** Undefined when there is nothing at the path. */
  handle(exchange: Exchange, served: ServedResource): Promise<void> | undefined {
    const { info } = exchange;
    const facts = served.facts.subresources.find(({ name }) => name === info.subresource);
    const { connect } = this.deps;
    // Who is proxied to may know HEAD.
    if (facts && facts.name !== 'proxy') {
      requireRoute(exchange, served);
      if (!facts.verbs.includes(info.verb) && connect.handles(served, facts.name)) throw refusedVerb(served, info.verb);
    }
    if (facts && connect.handles(served, facts.name)) return connect.handle(exchange, served, facts);
    if (!facts || (info.rest !== '' && info.rest !== '/')) return undefined;
    if (!facts.verbs.includes(info.verb)) throw refusedVerb(served, info.verb);
    return info.verb === 'create' ? this.post(exchange) : this.view(exchange, served, facts);
  }

  /** Undefined when the path is none of these. */
  virtual(exchange: Exchange): Promise<void> | undefined {
    const { info } = exchange;
    if (info.name !== '' || !this.deps.posts.factsOf(info.group, info.version, info.resource)) return undefined;
    exchange.isServed = true;
    if (info.verb !== 'create') throw verbNotAllowed();
    return this.post(exchange);
  }

  private view(exchange: Exchange, served: ServedResource, { name }: SubresourceFacts): Promise<void> {
    const { answers } = this.deps;
    const view = viewOf(served, name);
    if (exchange.info.verb === 'get') return getOne(exchange, answers, served, view);
    return exchange.info.verb === 'update' ? putOne(exchange, answers, served, view) : patchOne(exchange, answers, served, view);
  }

  private async post(exchange: Exchange): Promise<void> {
    const context = writeContext(exchange, 'CreateOptions');
    const { postAnswers, posts, offload } = this.deps;
    const representation = postAnswers.representation(exchange);
    const posted = await posts.post(exchange.info, (kind) => readObject(exchange, builtInCodec(kind), context, offload), context);
    if (!posted) throw noSuchPath();
    const { kind, json } = posted;
    await postAnswers.json(exchange, 201, representation, json, kind.group, kind.version, kind.kind);
  }
}
