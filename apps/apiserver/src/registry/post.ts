import type { corev1, KubeObject, policyv1, ResourceFacts } from '@navarch/api';
import type { ExpectedKind } from '../codec/decode-body';
import type { AdmissionChain, VirtualResources } from '../pipeline';
import { bind } from './bind';
import { evict } from './evict';
import type { Registry } from './registry';
import { admissionContext, type WriteContext } from './write-context';

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

  private async bind({ namespace, name }: PostTarget, read: ReadAs, context: WriteContext): Promise<Posted> {
    const pods = this.deps.registry.store('', 'pods');
    if (!pods) throw new Error('pods are not served');
    const binding = (await read({ group: '', version: 'v1', kind: 'Binding' })) as corev1.Binding;
    await bind(pods, namespace, name === '' ? (binding.metadata.name ?? '') : name, binding, context);
    return { kind: STATUS, json: CREATED };
  }

  private async evict({ namespace, name }: PostTarget, read: ReadAs, context: WriteContext): Promise<Posted> {
    const pods = this.deps.registry.store('', 'pods');
    if (!pods) throw new Error('pods are not served');
    const eviction = (await read({ group: 'policy', version: 'v1', kind: 'Eviction' })) as policyv1.Eviction;
    await evict(pods, this.deps.registry.store('policy', 'poddisruptionbudgets'), namespace, name, eviction, context);
    return { kind: STATUS, json: CREATED };
  }

  private virtual(target: PostTarget, parent: ResourceFacts, kind: ExpectedKind, read: ReadAs, context: WriteContext): Promise<Posted> | undefined {
    const { group, version, resource, subresource } = target;
    const handler = this.deps.virtualResources[subresource === '' ? `${group}/${resource}` : `${group}/${resource}/${subresource}`];
    if (!handler) return undefined;
    const namespace = parent.namespaced ? target.namespace : '';
    return (async () => {
      const object = await read(kind);
      const { user, dryRun } = context;
      await this.deps.admission.validate({
        operation: 'CREATE', group, version, resource, subresource, kind: kind.kind, namespaced: parent.namespaced, namespace, name: target.name,
        object, oldObject: undefined, options: {}, ...admissionContext(context),
      });
      const answer = await handler({ user, namespace, name: target.name, object, dryRun });
      const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
      const { group: kindGroup, version: kindVersion, kind: kindName } = kind;
      return { kind: { group: kindGroup, version: kindVersion, kind: kindName }, json: Buffer.from(JSON.stringify({ kind: kindName, apiVersion, ...answer })) };
    })();
  }
}
