import { core } from '@navarch/api';
import type { AuthorizationAttributes, Authorizer, Decision, ObjectReader, User } from '../../pipeline';
import { NodeGraph } from './node-graph';
import { nodeOf } from './node-identity';
import { nodeRules } from './node-rules';
import { ruleCovers } from '../rbac/rule-match';

const noOpinion: Decision = { verdict: 'no-opinion' };
const allow: Decision = { verdict: 'allow' };

/** A kubelet may read what the pods bound to its node refer to, and write what is its own (upstream's Node authorizer). */
export class NodeAuthorizer implements Authorizer {
  readonly name = 'Node';
  readonly #graph: NodeGraph;

  constructor(private readonly reader: ObjectReader) {
    this.#graph = new NodeGraph(reader);
  }

  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
    const node = nodeOf(user);
    if (node === undefined) return noOpinion;
    const decision = this.#decide(node, attributes);
    return decision.verdict === 'allow' ? decision : this.reader.refresh().then(() => this.#decide(node, attributes));
  }

  #decide(node: string, attributes: AuthorizationAttributes): Decision {
    if (attributes.isResource) {
      const special = this.#byReference(node, attributes);
      if (special !== undefined) return special;
    }
    return nodeRules.some((rule) => ruleCovers(rule, attributes)) ? allow : noOpinion;
  }

  /** Undefined: the static rules decide. */
  #byReference(node: string, attributes: AuthorizationAttributes): Decision | undefined {
    const { group, resource, verb, name, namespace, subresource } = attributes;
    if (group === 'coordination.k8s.io' && resource === 'leases') {
      const own = namespace === 'kube-node-lease' && (name === node || (verb === 'create' && name === ''));
      return own && ['get', 'create', 'update', 'patch', 'delete'].includes(verb) ? allow : refusal('can only access node lease with the same name as the requesting node');
    }
    if (group !== '') return undefined;
    switch (resource) {
      case 'secrets':
      case 'configmaps':
      case 'persistentvolumeclaims':
      case 'persistentvolumes':
        if (resource === 'persistentvolumeclaims' && subresource === 'status') return undefined;
        if (!['get', 'list', 'watch'].includes(verb) || subresource !== '') return refusal(`can only read resources of this type`);
        if (nameOf(attributes) === '') return refusal('No Object name found');
        return this.#graph.refersTo(node, namespace, resource, nameOf(attributes)) ? allow : refusal(`no relationship found between node '${node}' and this object`);
      case 'serviceaccounts':
        if (subresource === 'token' && verb === 'create') return this.#graph.refersTo(node, namespace, resource, name) ? allow : refusal(`no relationship found between node '${node}' and this object`);
        if (subresource === '' && verb === 'get') return this.#graph.refersTo(node, namespace, resource, name) ? allow : refusal(`no relationship found between node '${node}' and this object`);
        return refusal('can only get tokens of service accounts');
      case 'nodes':
        if (verb === 'create' && subresource === '') return allow;
        return ['get', 'list', 'watch'].includes(verb) || name === node ? undefined : refusal(`node '${node}' cannot access node '${name}'`);
      case 'pods': {
        if (subresource === '' && verb === 'get') {
          const pod = this.reader.get(core.pods, namespace, name);
          // That a pod is gone is what a kubelet asks before it ends the pod's containers.
          return pod === undefined || pod.spec?.nodeName === node ? allow : refusal(`can only get pods of node '${node}'`);
        }
        if (subresource === '' && (verb === 'list' || verb === 'watch'))
          return attributes.fieldSelector?.split(',').includes(`spec.nodeName=${node}`) === true ? allow : refusal(`can only list/watch pods with spec.nodeName field selector`);
        return undefined;
      }
      default:
        return undefined;
    }
  }
}

const refusal = (reason: string): Decision => ({ verdict: 'no-opinion', reason });

/** A list or watch of one object by its name counts as reading that object. */
function nameOf({ name, fieldSelector }: AuthorizationAttributes): string {
  if (name !== '') return name;
  const match = /^metadata\.name=+([^,=]+)$/.exec(fieldSelector ?? '');
  return match?.[1] ?? '';
}
