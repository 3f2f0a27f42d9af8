import type { corev1, policyv1, ResourceFacts, SubresourceFacts } from '@navarch/api';
import type { AdmissionChain, VirtualResources } from '../pipeline';
import { bind } from '../registry/bind';
import { evict } from '../registry/evict';
import { type ObjectView, wholeObject } from '../registry/object-view';
import type { Registry } from '../registry/registry';
import { scaleView } from '../registry/scale';
import type { ServedResource } from '../registry/served-resource';
import type { Answers } from './answer';
import type { ConnectRoutes } from './connect-routes';
import type { Exchange } from './exchange';
import { namespaceOf, getOne } from './handle-read';
import { patchOne, putOne } from './handle-update';
import { readObject } from './read-object';
import { sendJson, sendPathNotFound } from './respond';
import { verbNotAllowed } from './verb-not-allowed';
import { writeContext } from './write-options';

export interface SubresourceRoutesDeps {
  readonly registry: Registry;
  readonly answers: Answers;
  readonly admission: AdmissionChain;
  readonly connect: ConnectRoutes;
  readonly virtualResources: VirtualResources;
  /** Resources that are only posted to, by `<group>/<version>/<resource>`. */
  readonly virtualFacts: ReadonlyMap<string, ResourceFacts>;
}

const CREATED = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as const;

/** Requests below an object (`status`, `scale`, `binding`), and resources that are only posted to. */
export class SubresourceRoutes {
  constructor(private readonly deps: SubresourceRoutesDeps) {}

  handle(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info } = exchange;
    const facts = served.facts.subresources.find(({ name }) => name === info.subresource);
    if (!facts) return sendPathNotFound(exchange);
    const { connect, virtualResources } = this.deps;
    if (connect.handles(served, facts.name)) return connect.handle(exchange, served, facts);
    if (!facts.verbs.includes(info.verb)) throw verbNotAllowed();
    if (info.verb === 'create') {
      if (facts.name === 'binding') return this.bind(exchange, served, info.name);
      if (facts.name === 'eviction') return this.evict(exchange, served);
      const handler = virtualResources[`${served.facts.group}/${served.facts.resource}/${facts.name}`];
      if (handler) return this.post(exchange, served.facts, facts, handler);
      return sendPathNotFound(exchange);
    }
    return this.view(exchange, served, facts);
  }

  /** Undefined when the path is none of these. */
  virtual(exchange: Exchange): Promise<void> | undefined {
    const { info } = exchange;
    const facts = this.deps.virtualFacts.get(`${info.group}/${info.version}/${info.resource}`);
    if (!facts || info.name !== '') return undefined;
    if (info.verb !== 'create') throw verbNotAllowed();
    if (facts.group === '' && facts.resource === 'bindings') {
      const pods = this.deps.registry.served('', 'v1', 'pods');
      return pods && this.bind(exchange, pods, '');
    }
    const handler = this.deps.virtualResources[`${info.group}/${info.resource}`];
    return handler && this.post(exchange, facts, facts, handler);
  }

  private view(exchange: Exchange, served: ServedResource, { name }: SubresourceFacts): Promise<void> {
    const { answers } = this.deps;
    const view: ObjectView = name === 'scale' ? scaleView(served.facts.group, served.facts.resource) : wholeObject(served, name);
    if (exchange.info.verb === 'get') return getOne(exchange, answers, served, view);
    return exchange.info.verb === 'update' ? putOne(exchange, answers, served, view) : patchOne(exchange, answers, served, view);
  }

  private async bind(exchange: Exchange, pods: ServedResource, name: string): Promise<void> {
    const context = writeContext(exchange, 'CreateOptions');
    const binding = (await readObject(exchange, { group: '', version: 'v1', kind: 'Binding' }, context)) as corev1.Binding;
    await bind(pods.store, namespaceOf(exchange, pods), name === '' ? (binding.metadata.name ?? '') : name, binding, context);
    await sendJson(exchange, 201, CREATED);
  }

  private async evict(exchange: Exchange, pods: ServedResource): Promise<void> {
    const context = writeContext(exchange, 'CreateOptions');
    const eviction = (await readObject(exchange, { group: 'policy', version: 'v1', kind: 'Eviction' }, context)) as policyv1.Eviction;
    const budgets = this.deps.registry.store('policy', 'poddisruptionbudgets');
    await evict(pods.store, budgets, namespaceOf(exchange, pods), exchange.info.name, eviction, context);
    await sendJson(exchange, 201, CREATED);
  }

  private async post(exchange: Exchange, parent: ResourceFacts, kind: { group: string; version: string; kind: string }, handler: VirtualResources[string]): Promise<void> {
    const context = writeContext(exchange, 'CreateOptions');
    const representation = this.deps.answers.representation(exchange);
    const { info, user } = exchange;
    const object = await readObject(exchange, kind, context);
    const namespace = parent.namespaced ? info.namespace : '';
    await this.deps.admission.validate({
      operation: 'CREATE', group: info.group, version: info.version, resource: info.resource, subresource: info.subresource, kind: kind.kind, namespaced: parent.namespaced,
      namespace, name: info.name, object, oldObject: undefined, user, dryRun: context.dryRun, options: {}, warn: context.warn,
    });
    const answer = await handler({ user, namespace, name: info.name, object, dryRun: context.dryRun });
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    const json = Buffer.from(JSON.stringify({ kind: kind.kind, apiVersion, ...answer }));
    await this.deps.answers.json(exchange, 201, representation, json, kind.group, kind.version, kind.kind);
  }
}
