import type { KubeObject, metav1 } from '@navarch/api';
import { parseGroupVersion } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionAttributes, AdmissionPlugin, AuthorizationAttributes, Authorizer, WriteSort } from '../../pipeline';
import { refused } from '../refused';

/** Finds the resources of a kind, in any version that is served. */
export type ResourcesOfKind = (group: string, version: string, kind: string) => readonly { readonly resource: string; readonly namespaced: boolean }[];

type Reference = metav1.OwnerReference;

const referencesOf = (object: Partial<KubeObject> | undefined): readonly Reference[] => object?.metadata?.ownerReferences ?? [];

/** Those that hold up their owner's deletion from now on. */
function newlyBlocking({ object, oldObject }: AdmissionAttributes): Reference[] {
  const before = new Map(referencesOf(oldObject).map((reference) => [reference.uid, reference]));
  return referencesOf(object).filter(({ uid, blockOwnerDeletion }) => blockOwnerDeletion === true && before.get(uid)?.blockOwnerDeletion !== true);
}

/**
 * Who makes an object depend on others must be allowed to delete it, since the garbage collector then may; and who holds up an
 * owner's deletion must be allowed to set its finalizers. Upstream's plugin/pkg/admission/gc.
 */
export class OwnerReferencesPermissionEnforcement implements AdmissionPlugin {
  readonly name = 'OwnerReferencesPermissionEnforcement';

  constructor(
    private readonly authorizer: Authorizer,
    private readonly resourcesOf: ResourcesOfKind,
  ) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    // A status cannot change owners.
    return (operation === 'CREATE' || operation === 'UPDATE') && !(group === '' && resource === 'pods' && subresource === 'status');
  }

  applies({ object, oldObject }: AdmissionAttributes): boolean {
    return !isDeepStrictEqual(referencesOf(object), referencesOf(oldObject));
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, group, version, resource, subresource, namespace, name } = attributes;
    // Who makes a thing may say whose it is, though he could not delete it.
    if (operation !== 'CREATE') await this.require(attributes, { verb: 'delete', group, version, resource, subresource, namespace, name }, 'cannot set an ownerRef on a resource you can\'t delete');
    for (const reference of newlyBlocking(attributes)) await this.requireOwner(attributes, reference);
  }

  private async requireOwner(attributes: AdmissionAttributes, { apiVersion, kind, name }: Reference): Promise<void> {
    const parsed = parseGroupVersion(apiVersion);
    const found = parsed ? this.resourcesOf(parsed.group, parsed.version, kind) : [];
    if (!parsed || found.length === 0) throw refused(attributes, `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}`);
    for (const { resource, namespaced } of found) {
      const asked = { verb: 'update', ...parsed, resource, subresource: 'finalizers', namespace: namespaced ? attributes.namespace : '', name };
      await this.require(attributes, asked, 'cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on');
    }
  }

  private async require(attributes: AdmissionAttributes, asked: Omit<AuthorizationAttributes, 'isResource' | 'path'>, why: string): Promise<void> {
    const { verdict, reason = '' } = await this.authorizer.authorize(attributes.user, { ...asked, isResource: true, path: '' });
    if (verdict !== 'allow') throw refused(attributes, `${why}: ${reason}, <nil>`);
  }
}
