import { isDeepStrictEqual } from 'node:util';
import { core, type authenticationv1, type corev1 } from '@navarch/api';
import { goQuote, notFound } from '@navarch/apimachinery';
import { mirrorAnnotation } from '../../auth/node/node-graph';
import type { AdmissionAttributes, Authorizer, ObjectReader } from '../../pipeline';
import { refused } from '../refused';
import { apiReferenceOf } from './api-references';
import { podAudience } from './pod-audiences';

/** What a node may do with pods, and with tokens for them: only with those bound to it. */
export class OwnPods {
  constructor(
    private readonly reader: ObjectReader,
    private readonly authorizer: Authorizer,
  ) {}

  check(attributes: AdmissionAttributes, node: string): void {
    const { subresource, namespace, name } = attributes;
    if (subresource === '') this.#checkPod(attributes, node);
    else if (subresource === 'status') checkStatus(attributes, node);
    else if (subresource !== 'eviction') throw refused(attributes, `unexpected pod subresource ${goQuote(subresource)}, only 'status' and 'eviction' are allowed`);
    else if (this.#pod(namespace, name).spec?.nodeName !== node) throw refused(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
  }

  /** A node's tokens are for its pods, and for audiences that they name or that RBAC grants the node. */
  async checkToken(attributes: AdmissionAttributes, node: string): Promise<void> {
    const { operation, subresource, namespace, object, name, user } = attributes;
    if (operation !== 'CREATE' || subresource !== 'token') return;
    const { boundObjectRef: ref, audiences = [] } = (object as authenticationv1.TokenRequest).spec as Partial<authenticationv1.TokenRequestSpec>;
    if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || (ref.name ?? '') === '') throw refused(attributes, 'node requested token not bound to a pod');
    if ((ref.uid ?? '') === '') throw refused(attributes, 'node requested token with a pod binding without a uid');
    const pod = this.#pod(namespace, ref.name ?? '');
    if (pod.metadata.uid !== ref.uid) {
      throw refused(
        attributes,
        `the UID in the bound object reference (${ref.uid ?? ''}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    }
    if (pod.spec?.nodeName !== node) throw refused(attributes, 'node requested token bound to a pod scheduled on a different node');
    if (audiences.length > 1) throw refused(attributes, 'node may only request 0 or 1 audiences');
    const audience = audiences[0] ?? '';
    const { named, missing } = podAudience(pod, audience, this.reader);
    if (named) return;
    if (missing.length > 0) throw refused(attributes, `error validating audience ${goQuote(audience)}: ${missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`}`);
    const asked = { verb: 'request-serviceaccounts-token-audience', isResource: true, path: '', group: '', version: 'v1', resource: audience, subresource: '', namespace, name };
    const { verdict } = await this.authorizer.authorize(user, asked);
    if (verdict !== 'allow') throw refused(attributes, `audience ${goQuote(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`);
  }

  #checkPod(attributes: AdmissionAttributes, node: string): void {
    const { operation, oldObject } = attributes;
    if (operation === 'CREATE') this.#checkMirror(attributes, node);
    else if (operation !== 'DELETE') throw refused(attributes, `unexpected operation ${goQuote(operation)}, node ${goQuote(node)} can only create and delete mirror pods`);
    else if ((oldObject as corev1.Pod).spec?.nodeName !== node) throw refused(attributes, `node ${goQuote(node)} can only delete pods with spec.nodeName set to itself`);
  }

  #checkMirror(attributes: AdmissionAttributes, node: string): void {
    const pod = attributes.object as corev1.Pod;
    const refuse = (why: string): Error => refused(attributes, `node ${goQuote(node)} ${why}`);
    if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) {
      throw refused(attributes, `pod does not have ${goQuote(mirrorAnnotation)} annotation, node ${goQuote(node)} can only create mirror pods`);
    }
    if (pod.spec?.nodeName !== node) throw refuse('can only create pods with spec.nodeName set to itself');
    const [owner, another] = pod.metadata.ownerReferences ?? [];
    if (another !== undefined) throw refuse('can only create pods with a single owner reference set to itself');
    if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) throw refuse('can only create pods with an owner reference set to itself');
    if (owner.controller !== true) throw refuse('can only create pods with a controller owner reference set to itself');
    if (owner.blockOwnerDeletion === true) throw refuse('must not set blockOwnerDeletion on an owner reference');
    const known = this.reader.get(core.nodes, '', node);
    if (known === undefined) throw notFound({ group: '', resource: 'node' }, node);
    if (owner.uid !== known.metadata.uid) throw refused(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${known.metadata.uid ?? ''}`);
    const reference = apiReferenceOf(pod);
    if (reference !== undefined) throw refuse(`can not create pods that reference ${reference}`);
  }

  #pod(namespace: string, name: string): corev1.Pod {
    const pod = this.reader.get(core.pods, namespace, name);
    if (pod === undefined) throw notFound({ group: '', resource: 'pod' }, name);
    return pod;
  }
}

function checkStatus(attributes: AdmissionAttributes, node: string): void {
  const { operation, object, oldObject } = attributes;
  if (operation !== 'UPDATE') throw refused(attributes, `unexpected operation ${goQuote(operation)}`);
  const [pod, old] = [object as corev1.Pod, oldObject as corev1.Pod];
  if (old.spec?.nodeName !== node) throw refused(attributes, `node ${goQuote(node)} can only update pod status for pods with spec.nodeName set to itself`);
  if (!isDeepStrictEqual(old.metadata.labels ?? {}, pod.metadata.labels ?? {})) throw refused(attributes, `node ${goQuote(node)} cannot update labels through pod status`);
  if (!isDeepStrictEqual(claimsOf(old), claimsOf(pod))) throw refused(attributes, `node ${goQuote(node)} cannot update resource claim statues`);
  if (!isDeepStrictEqual(old.status?.extendedResourceClaimStatus, pod.status?.extendedResourceClaimStatus)) {
    throw refused(attributes, `node ${goQuote(node)} cannot update extended resource claim status`);
  }
}

const claimsOf = ({ status }: corev1.Pod): (string | undefined)[][] => status?.resourceClaimStatuses?.map(({ name, resourceClaimName }) => [name, resourceClaimName]) ?? [];
