import { badRequest, noSuchPath } from '@navarch/apimachinery';
import type { objectv1 } from '@navarch/proto';
import type { CallContext } from '@navarch/rpc';
import type { AuthorizationAttributes, TlsPeer, User } from '../pipeline';
import type { AuthenticatorChain } from '../pipeline/authenticate';
import type { AuthorizerChain } from '../pipeline/authorize';
import { selectedName } from '../pipeline/selected-name';
import type { Registry } from '../registry/registry';
import { Selection } from '../registry/selection';
import type { ServedResource } from '../registry/served-resource';

/** What a call is about. */
export interface RpcTarget {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** The gRPC door's first steps: who asks, whether they may, and for what. */
export class RpcRequests {
  private readonly peers = new Map<string, TlsPeer>();

  constructor(
    private readonly authentication: AuthenticatorChain,
    private readonly authorization: AuthorizerChain,
    private readonly registry: Registry,
  ) {}

  /** @throws unauthorized */
  user(context: CallContext): Promise<User> {
    const authorization = context.header('authorization');
    return this.authentication.authenticate({ peer: this.peerOf(context), authorization, headers: {} });
  }

  /** @throws badRequest */
  target(key: objectv1.ObjectKey | undefined, subresource: string): RpcTarget {
    const resource = key?.resource;
    if (!key || !resource || resource.resource === '') throw badRequest('the request names no resource');
    const version = resource.version !== '' ? resource.version : (this.registry.preferred(resource.group, resource.resource)?.facts.version ?? '');
    return { group: resource.group, version, resource: resource.resource, namespace: key.namespace, name: key.name, subresource };
  }

  /** @throws noSuchPath */
  served({ group, version, resource }: RpcTarget): ServedResource {
    const served = this.registry.served(group, version, resource);
    if (!served) throw noSuchPath();
    return served;
  }

  /** @throws forbidden */
  async authorize(user: User, verb: string, target: RpcTarget, selectors?: { fieldSelector: string; labelSelector: string }): Promise<void> {
    // A Namespace lies in itself, as in its URL.
    const namespace = target.group === '' && target.resource === 'namespaces' ? target.name : target.namespace;
    const name = target.name === '' && selectors ? selectedName(selectors.fieldSelector) : target.name;
    const attributes: AuthorizationAttributes = { verb, isResource: true, path: '', ...target, namespace, name, ...selectors };
    await this.authorization.require(user, attributes);
  }

  /** What a class and its restrictions select. @throws badRequest */
  selection(served: ServedResource, request: Pick<objectv1.SnapshotRequest, 'class' | 'labelSelector' | 'fieldSelector'>): { selection: Selection; fieldSelector: string } {
    const node = request.class?.node ?? '';
    const fieldSelector = [node === '' ? '' : `spec.nodeName=${node}`, request.fieldSelector].filter(Boolean).join(',');
    return { selection: Selection.of(request.labelSelector, fieldSelector, served.fields, served.fieldReader), fieldSelector };
  }

  /** One value per identity, so that authenticators can remember what they made of it. */
  private peerOf({ peer }: CallContext): TlsPeer | undefined {
    if (!peer) return undefined;
    const key = JSON.stringify([peer.name, peer.groups]);
    let known = this.peers.get(key);
    if (!known) {
      known = { commonName: peer.name, organizations: peer.groups, certificate: Buffer.alloc(0) };
      this.peers.set(key, known);
    }
    return known;
  }
}
