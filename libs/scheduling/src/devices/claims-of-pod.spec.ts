import type { metav1 } from '@navarch/api';
import { podInfo } from '../state/pod-info';
import { cluster, pod } from '../testing/test-cluster';
import { claimsOf } from './claims-of-pod';

describe('a claim from a template', () => {
  const owner = (uid: string): metav1.OwnerReference => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid, controller: true });
  const notOwner = { refused: 'ResourceClaim default/c was not created for pod default/p (pod is not owner)' };
  it.each<[string, metav1.OwnerReference | undefined, unknown]>([
    ['is for the pod that it was made for', owner('u'), [expect.objectContaining({ spec: {} })]],
    ['is for no other', owner('v'), notOwner],
    ['that somebody else made by that name is for nobody', undefined, notOwner],
  ])('%s', (_name, ownerReference, expected) => {
    const made = { metadata: { name: 'c', namespace: 'default', ...(ownerReference && { ownerReferences: [ownerReference] }) }, spec: {} };
    const templated = pod({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] }, { name: 'p', uid: 'u' }, { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'c' }] });
    expect(claimsOf(podInfo(templated), cluster([], { resourceClaims: [made] }))).toEqual(expected);
  });
});
