import type { resourcev1 } from '@navarch/api';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';

/** A claim can be in use by this many pods. */
const mostConsumers = 256;

/** The names of the claims of a pod, as far as those made from templates are known. */
export function claimNames({ spec, pod }: PodInfo): string[] {
  return (spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => resourceClaimName ?? pod.status?.resourceClaimStatuses?.find((status) => status.name === name)?.resourceClaimName ?? []);
}

/** The claims that a pod names, or why they cannot be used yet. */
export function claimsOf(pod: PodInfo, state: ClusterState): readonly resourcev1.ResourceClaim[] | { readonly refused: string } {
  const claims: resourcev1.ResourceClaim[] = [];
  for (const { name, resourceClaimName } of pod.spec.resourceClaims ?? []) {
    const status = pod.pod.status?.resourceClaimStatuses?.find((entry) => entry.name === name);
    // A template that made no claim on purpose.
    if (resourceClaimName === undefined && status !== undefined && status.resourceClaimName === undefined) continue;
    const actual = resourceClaimName ?? status?.resourceClaimName;
    if (actual === undefined) return { refused: `pod "${pod.namespace}/${pod.name}": ResourceClaim not created yet` };
    const claim = state.reservations.resourceClaim({ namespace: pod.namespace, name: actual });
    if (claim === undefined) return { refused: `resourceclaim "${actual}" not found` };
    // One that somebody else made by that name is nobody's (upstream's resourceclaim.IsForPod).
    const owner = claim.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (resourceClaimName === undefined && owner?.uid !== pod.uid) return { refused: `ResourceClaim ${pod.namespace}/${actual} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)` };
    claims.push(claim);
  }
  return claims;
}

/** Why a pod cannot use a claim, wherever it is. */
export function whyUnusable({ metadata, spec, status }: resourcev1.ResourceClaim, pod: PodInfo, state: ClusterState): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return `resourceclaim "${metadata.name ?? ''}" is being deleted`;
  const users = status?.reservedFor ?? [];
  if (users.length >= mostConsumers && !users.some(({ uid }) => uid === pod.uid)) return 'resourceclaim in use';
  if (status?.allocation !== undefined) return undefined;
  for (const { name, exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const wanted = exactly === undefined ? firstAvailable.map((alternative) => ({ ...alternative, name: `${name}/${alternative.name}` })) : [{ ...exactly, name }];
    for (const { name: request, deviceClassName } of wanted) {
      if (state.objects.deviceClasses.get({ namespace: '', name: deviceClassName }) === undefined) return `request ${request}: device class ${deviceClassName} does not exist`;
    }
  }
  return undefined;
}
