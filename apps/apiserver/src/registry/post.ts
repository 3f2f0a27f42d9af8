import type { corev1, KubeObject, policyv1, ResourceFacts } from '@navarch/api';
import { exactJsonText } from '@navarch/apimachinery';
import type { ExpectedKind } from '../codec/decode-body';
import type { AdmissionAttributes, AdmissionChain, VirtualResources } from '../pipeline';
import { bind } from './bind';
import { settleNamespace } from './create';
import { evict } from './evict';
import type { Registry } from './registry';
import type { ResourceStore } from './resource-store';
import { admissionContext, type WriteContext, writeOptionsOf } from './write-context';

/** A POST that creates no object of the kind it is sent to. */
export interface PostTarget {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Posted {
  readonly kind: ExpectedKind;
  readonly json: Buffer;
}

export interface PostsDeps {
  readonly registry: Registry;
  readonly admission: AdmissionChain;
  readonly virtualResources: VirtualResources;
  /** Resources that are only posted to, by `<group>/<version>/<resource>`. */
  readonly virtualFacts: ReadonlyMap<string, ResourceFacts>;
}

/** Reads the body as an object of a kind. */
export type ReadAs = (kind: ExpectedKind) => KubeObject | Promise<KubeObject>;

/** What a subresource belongs to. */
type PostedTo = Pick<ResourceFacts, 'kind' | 'namespaced'>;

const BINDING: ExpectedKind = { group: '', version: 'v1', kind: 'Binding' };
const EVICTION: ExpectedKind = { group: 'policy', version: 'v1', kind: 'Eviction' };
const STATUS: ExpectedKind = { group: '', version: 'v1', kind: 'Status' };
const CREATED = Buffer.from('{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201}');

/** Bindings, evictions, token requests and reviews: whatever is answered and not stored as such. */
export class Posts {
  constructor(private readonly deps: PostsDeps) {}

  /** Whether a resource is only posted to. */
  factsOf(group: string, version: string, resource: string): ResourceFacts | undefined {
    return this.deps.virtualFacts.get(`${group}/${version}/${resource}`);
  }

  /** Undefined when there is nothing to post to. */
  post(target: PostTarget, read: ReadAs, context: WriteContext): Promise<Posted> | undefined {
    const { group, version, resource, subresource } = target;
    if (subresource === '') {
      if (group === '' && resource === 'bindings') return this.bind(target, read, context);
      const facts = this.factsOf(group, version, resource);
      return facts && this.virtual(target, facts, facts, read, context);
    }
    if (group === '' && resource === 'pods' && subresource === 'binding') return this.bind(target, read, context);
    if (group === '' && resource === 'pods' && subresource === 'eviction') return this.evict(target, read, context);
    const parent = this.deps.registry.served(group, version, resource)?.facts;
    const facts = parent?.subresources.find(({ name }) => name === subresource);
    return parent && facts && this.virtual(target, parent, facts, read, context);
  }

  private async bind(target: PostTarget, read: ReadAs, context: WriteContext): Promise<Posted> {
    const pods = this.pods();
    const binding = (await read(BINDING)) as corev1.Binding;
    settleNamespace(pods, binding, target.namespace);
    const name = target.name === '' ? (binding.metadata.name ?? '') : target.name;
    // The older door is a resource of its own.
    const what = target.subresource === '' ? { kind: 'Binding', namespaced: true } : { kind: 'Pod', namespaced: true };
    const validate = await this.admitted({ ...target, name }, what, BINDING, binding, context);
    await bind(pods, target.namespace, name, binding, context, validate);
    return { kind: STATUS, json: CREATED };
  }

  private async evict(target: PostTarget, read: ReadAs, context: WriteContext): Promise<Posted> {
    const pods = this.pods();
    const eviction = (await read(EVICTION)) as policyv1.Eviction;
    settleNamespace(pods, eviction, target.namespace);
    const validate = await this.admitted(target, { kind: 'Pod', namespaced: true }, EVICTION, eviction, context);
    await evict({ pods, budgets: this.deps.registry.store('policy', 'poddisruptionbudgets') }, target, eviction, context, validate);
    return { kind: STATUS, json: CREATED };
  }

  private pods(): ResourceStore {
    const pods = this.deps.registry.store('', 'pods');
    if (!pods) throw new Error('pods are not served');
    return pods;
  }

  /** Lets mutating admission change what was posted; answers what lets validating admission see it. */
  private async admitted(
    { group, version, resource, subresource, namespace, name }: PostTarget,
    { kind, namespaced }: PostedTo,
    objectKind: ExpectedKind,
    object: KubeObject,
    context: WriteContext,
  ): Promise<() => void | Promise<void>> {
    const { group: kindGroup, version: kindVersion, kind: kindName } = objectKind;
    const attributes: AdmissionAttributes = {
      operation: 'CREATE',
      group,
      version,
      resource,
      subresource,
      kind,
      objectKind: { group: kindGroup, version: kindVersion, kind: kindName },
      namespaced,
      namespace: namespaced ? namespace : '',
      name,
      object,
      oldObject: undefined,
      options: writeOptionsOf(context),
      ...admissionContext(context),
    };
    await this.deps.admission.mutate(attributes);
    return () => this.deps.admission.validate(attributes);
  }

  private virtual(target: PostTarget, parent: ResourceFacts, kind: ExpectedKind, read: ReadAs, context: WriteContext): Promise<Posted> | undefined {
    const { group, resource, subresource, name } = target;
    const path = subresource === '' ? `${group}/${resource}` : `${group}/${resource}/${subresource}`;
    const handler = this.deps.virtualResources[path];
    if (!handler) return undefined;
    return (async () => {
      const object = await read(kind);
      const { user, dryRun, annotate, warn } = context;
      const admission = await this.admitted(target, parent, kind, object, context);
      const asked = new Set<string>();
      const validate = (): void | Promise<void> => {
        asked.add(path);
        return admission();
      };
      const answer = await handler({
        user,
        namespace: parent.namespaced ? target.namespace : '',
        name,
        object,
        dryRun,
        validate,
        warn,
        ...(annotate ? { annotate } : {}),
      });
      if (!asked.has(path)) throw new Error(`${path} answers without asking admission`);
      const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
      const { group: kindGroup, version: kindVersion, kind: kindName } = kind;
      return { kind: { group: kindGroup, version: kindVersion, kind: kindName }, json: Buffer.from(exactJsonText({ kind: kindName, apiVersion, ...answer })) };
    })();
  }
}
