import type { KubeObject } from '@navarch/api';
import type { AdmissionAttributes, AuthorizationAttributes, User } from '../pipeline';

export const aUser = (name: string, ...groups: string[]): User => ({ name, groups });
export const aNodeUser = (name: string): User => aUser(`system:node:${name}`, 'system:nodes', 'system:authenticated');

/** A read of a pod by default. */
export function aRequest(over: Partial<AuthorizationAttributes> = {}): AuthorizationAttributes {
  return { verb: 'get', isResource: true, path: '', group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'default', name: '', ...over };
}

/** A write of an object on its way in; what is not said follows from the object. */
export function anAdmission(object: KubeObject | undefined, over: Partial<AdmissionAttributes> = {}): AdmissionAttributes {
  const known = object ?? over.oldObject;
  const { namespace = '', name = '' } = known?.metadata ?? {};
  return {
    operation: 'CREATE', group: '', version: 'v1', resource: 'pods', subresource: '', kind: known?.kind ?? 'Pod', namespaced: namespace !== '', namespace, name,
    object, oldObject: undefined, user: aUser('jane', 'system:authenticated'), dryRun: false, options: {}, warn: () => undefined, ...over,
  };
}

/** What a plug-in says to a write: empty if nothing. */
export async function refusalOf(act: () => void | Promise<void>): Promise<string> {
  try {
    await act();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
