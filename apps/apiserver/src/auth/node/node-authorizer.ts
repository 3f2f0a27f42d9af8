import { certificates, resource as dra, storage } from '@navarch/api';
import { goQuote, parseFieldSelector } from '@navarch/apimachinery';
import type { AuthorizationAttributes, Decision, ObjectReader, User, UserRules } from '../../pipeline';
import type { CachedAuthorizer } from '../fresh-authorizer';
import { ruleCovers } from '../rbac/rule-match';
import { NodeGraph } from './node-graph';
import { nodeOf } from './node-identity';
import { nodeRules } from './node-rules';

const noOpinion: Decision = { verdict: 'no-opinion' };
const allow: Decision = { verdict: 'allow' };
const refusal = (reason: string): Decision => ({ verdict: 'no-opinion', reason });
const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

/** A kubelet may read what the pods bound to its node refer to, and write what is its own: plugin/pkg/auth/authorizer/node. */
export class NodeAuthorizer implements CachedAuthorizer {
  readonly name = 'Node';
  readonly #graph: NodeGraph;

  constructor(private readonly reader: ObjectReader) {
    this.#graph = new NodeGraph(reader);
  }

  authorize(user: User, attributes: AuthorizationAttributes): Decision {
    const node = nodeOf(user);
    if (node === undefined) return noOpinion;
    if (node === '') return refusal(`unknown node for user ${goQuote(user.name)}`);
    const own = attributes.isResource ? this.#own(node, attributes) : undefined;
    return own ?? (nodeRules.some((rule) => ruleCovers(rule, attributes)) ? allow : noOpinion);
  }

  rulesFor(user: User): UserRules {
    const isNode = nodeOf(user) !== undefined;
    return {
      resourceRules: [], nonResourceRules: [], incomplete: isNode,
      ...(isNode ? { evaluationError: 'node authorizer does not support user rule resolution' } : {}),
    };
  }

  /** Undefined: not a resource of which nodes have some of their own. */
  #own(node: string, attributes: AuthorizationAttributes): Decision | undefined {
    switch (`${attributes.group}/${attributes.resource}`) {
      case '/secrets':
      case '/configmaps':
        return this.#readNamespaced(node, attributes);
      case '/persistentvolumeclaims':
        return attributes.subresource === 'status' ? this.#updateStatus(node, attributes) : this.#getOne(node, attributes);
      case '/persistentvolumes':
      case 'resource.k8s.io/resourceclaims':
        return this.#getOne(node, attributes);
      case 'storage.k8s.io/volumeattachments':
        return this.#getOne(node, attributes, () => this.reader.get(storage.volumeattachments, '', attributes.name)?.spec.nodeName === node);
      case '/serviceaccounts':
        return this.#serviceAccount(node, attributes);
      case 'coordination.k8s.io/leases':
        return lease(node, attributes);
      case 'storage.k8s.io/csinodes':
        return csiNode(node, attributes);
      case 'resource.k8s.io/resourceslices':
        return this.#slice(node, attributes);
      case 'certificates.k8s.io/podcertificaterequests':
        return this.#podCertificate(node, attributes);
      case '/nodes':
        return nodeObject(node, attributes);
      case '/pods':
        return this.#pod(node, attributes);
      default:
        return undefined;
    }
  }

  #related(node: string, { namespace, resource, name }: AuthorizationAttributes): Decision {
    if (name === '') return refusal('No Object name found');
    return this.#graph.refersTo(node, namespace, resource, name) ? allow : unrelated(node);
  }

  #readNamespaced(node: string, attributes: AuthorizationAttributes): Decision {
    if (!['get', 'list', 'watch'].includes(attributes.verb)) return refusal('can only read resources of this type');
    if (attributes.subresource !== '') return refusal('cannot read subresource');
    if (attributes.namespace === '') return refusal('can only read namespaced object of this type');
    return this.#related(node, named(attributes));
  }

  #getOne(node: string, attributes: AuthorizationAttributes, isRelated?: () => boolean): Decision {
    if (attributes.verb !== 'get') return refusal('can only get individual resources of this type');
    if (attributes.subresource !== '') return refusal('cannot get subresource');
    if (isRelated === undefined) return this.#related(node, attributes);
    return isRelated() ? allow : unrelated(node);
  }

  #updateStatus(node: string, attributes: AuthorizationAttributes): Decision {
    return attributes.verb === 'update' || attributes.verb === 'patch' ? this.#related(node, attributes) : refusal('can only get/update/patch this type');
  }

  #serviceAccount(node: string, attributes: AuthorizationAttributes): Decision {
    const { verb, subresource, name } = attributes;
    if (verb === 'get' && subresource === '') return this.#related(node, attributes);
    if (verb !== 'create' || name === '') return refusal('can only create tokens for individual service accounts');
    if (subresource !== 'token') return refusal('can only create token subresource of serviceaccount');
    return this.#related(node, attributes);
  }

  /** A slice on its way in is checked by the NodeRestriction plug-in, which sees it. */
  #slice(node: string, { verb, subresource, name, fieldSelector }: AuthorizationAttributes): Decision {
    if (subresource !== '') return refusal('cannot authorize ResourceSlice subresources');
    switch (verb) {
      case 'create':
        return allow;
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.reader.get(dra.resourceslices, '', name)?.spec.nodeName === node ? allow : unrelated(node);
      case 'watch':
      case 'list':
      case 'deletecollection':
        return selects(fieldSelector, 'spec.nodeName') === node ? allow : refusal('can only list/watch/deletecollection resourceslices with nodeName field selector');
      default:
        return refusal('only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection');
    }
  }

  /** Whose pod a new request is for, the NodeRestriction plug-in checks. */
  #podCertificate(node: string, { verb, subresource, namespace, name, fieldSelector }: AuthorizationAttributes): Decision {
    if (subresource !== '') return refusal('nodes may not access the status subresource of PodCertificateRequests');
    switch (verb) {
      case 'create':
        return allow;
      case 'get':
        return this.reader.get(certificates.podcertificaterequests, namespace, name)?.spec.nodeName === node ? allow : unrelated(node);
      case 'list':
      case 'watch':
        return selects(fieldSelector, 'spec.nodeName') === node ? allow : refusal('can only list/watch podcertificaterequests with nodeName field selector');
      default:
        return refusal(`nodes may not ${verb} PodCertificateRequests`);
    }
  }

  /** Whose pods are created, deleted, evicted or reported on, the NodeRestriction plug-in checks. */
  #pod(node: string, attributes: AuthorizationAttributes): Decision {
    const { verb, subresource, fieldSelector } = attributes;
    switch (subresource) {
      case '':
        if (verb === 'get') return this.#getOne(node, attributes);
        if (verb === 'create' || verb === 'delete') return allow;
        if (verb !== 'list' && verb !== 'watch') return noOpinion;
        if (selects(fieldSelector, 'spec.nodeName') === node) return allow;
        return named(attributes).name === '' ? refusal('can only list/watch pods with spec.nodeName field selector') : this.#related(node, named(attributes));
      case 'status':
        return verb === 'update' || verb === 'patch' ? allow : noOpinion;
      case 'eviction':
        return verb === 'create' ? allow : noOpinion;
      default:
        return noOpinion;
    }
  }
}

const unrelated = (node: string): Decision => refusal(`no relationship found between node '${node}' and this object`);

/** The value that a field selector pins a field to; a selector that cannot be read pins nothing. */
function selects(fieldSelector: string | undefined, field: string): string | undefined {
  if (fieldSelector === undefined) return undefined;
  try {
    return parseFieldSelector(fieldSelector).requiresExactMatch(field);
  } catch {
    return undefined; // the registry answers what is wrong with it
  }
}

/** A list or watch of one object by its name counts as reading that object. */
function named(attributes: AuthorizationAttributes): AuthorizationAttributes {
  if (attributes.name !== '') return attributes;
  const name = selects(attributes.fieldSelector, 'metadata.name');
  return name === undefined ? attributes : { ...attributes, name };
}

function lease(node: string, { verb, namespace, name }: AuthorizationAttributes): Decision {
  if (!ownVerbs.includes(verb)) return refusal('can only get, create, update, patch, or delete a node lease');
  if (namespace !== 'kube-node-lease') return refusal('can only access leases in the "kube-node-lease" system namespace');
  // The name of a new one is not known yet: the NodeRestriction plug-in checks it.
  return verb === 'create' || name === node ? allow : refusal('can only access node lease with the same name as the requesting node');
}

function csiNode(node: string, { verb, subresource, name }: AuthorizationAttributes): Decision {
  if (!ownVerbs.includes(verb)) return refusal('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return refusal('cannot authorize CSINode subresources');
  return verb === 'create' || name === node ? allow : refusal('can only access CSINode with the same name as the requesting node');
}

/** Which Node is created or changed, the NodeRestriction plug-in checks. */
function nodeObject(node: string, attributes: AuthorizationAttributes): Decision {
  const { verb, subresource } = attributes;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion;
  if (subresource !== '') return noOpinion;
  if (['create', 'update', 'patch'].includes(verb)) return allow;
  if (!['get', 'list', 'watch'].includes(verb)) return noOpinion;
  const { name } = named(attributes);
  if (name === node) return allow;
  return refusal(name === '' ? `node '${node}' cannot read all nodes, only its own Node object` : `node '${node}' cannot read '${name}', only its own Node object`);
}
