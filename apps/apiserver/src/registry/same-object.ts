import type { KubeObject } from '@navarch/api';
import { badRequest } from '@navarch/apimachinery';

/**
 * What a replacement, or what a patch makes, says of itself must be what the URL says: as upstream's checkName and
 * EnsureObjectNamespaceMatchesRequestNamespace. `namespace` is empty for what has none. @throws badRequest
 */
export function requireSameObject({ metadata }: KubeObject, namespace: string, name: string): void {
  if (namespace !== '' && (metadata.namespace ?? '') !== '' && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if ((metadata.name ?? '') === '') throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name) throw badRequest(`the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${name})`);
}
