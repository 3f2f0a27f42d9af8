import { type corev1, type resourcev1 } from '@navarch/api';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { wholeValue } from '../quantities';

/** A ResourceClaim that a pod uses. */
export interface PodClaim {
  readonly name: string;
  /** Made for this pod from a template, so that it must be its owner. */
  readonly fromTemplate: boolean;
}

/** The claims of a pod that exist, those for its extended resources too; throws while one is still to be made (upstream's resourceclaim.Name). */
export function claimsOf(pod: corev1.Pod): PodClaim[] {
  const named = (pod.spec?.resourceClaims ?? []).flatMap((reference) => {
    const name = claimName(pod, reference);
    return name === undefined ? [] : [{ name, fromTemplate: reference.resourceClaimName === undefined }];
  });
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName;
  return extended === undefined ? named : [...named, { name: extended, fromTemplate: false }];
}

/** Which requests of which claims a container uses: by the claim's name; an empty request is all of them. */
export function claimRequests(pod: corev1.Pod, container: corev1.Container): ReadonlyMap<string, readonly string[]> {
  const requests = new Map<string, string[]>();
  const add = (claim: string, request: string): void => void requests.set(claim, [...requests.get(claim) ?? [], request]);
  for (const reference of pod.spec?.resourceClaims ?? []) {
    const used = (container.resources?.claims ?? []).filter(({ name }) => name === reference.name);
    const claim = used.length === 0 ? undefined : claimName(pod, reference);
    if (claim !== undefined) for (const { request = '' } of used) add(claim, request);
  }
  const extended = pod.status?.extendedResourceClaimStatus;
  for (const { containerName, resourceName, requestName } of extended?.requestMappings ?? []) {
    if (containerName === container.name && wholeValue(container.resources?.requests?.[resourceName] ?? '0') > 0) add(extended?.resourceClaimName ?? '', requestName);
  }
  return requests;
}

/** Why a pod may not use a claim as it is now; undefined when it may. */
export function whyUnusable(pod: corev1.Pod, { name, fromTemplate }: PodClaim, { metadata, status }: resourcev1.ResourceClaim): string | undefined {
  if (fromTemplate && !metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === uidOf(pod))) {
    return `ResourceClaim ${namespaceOf(pod)}/${name} was not created for pod ${namespaceOf(pod)}/${nameOf(pod)} (pod is not owner)`;
  }
  if (!status?.reservedFor?.some(({ resource, uid }) => resource === 'pods' && uid === uidOf(pod))) {
    return `pod ${nameOf(pod)} (${uidOf(pod)}) is not allowed to use ResourceClaim ${name} (${metadata.uid ?? ''})`;
  }
  return status.allocation === undefined ? `ResourceClaim ${name}: not allocated` : undefined;
}

/** The drivers that a claim was given devices of. */
export function driversOf({ status }: resourcev1.ResourceClaim): readonly string[] {
  return [...new Set((status?.allocation?.devices?.results ?? []).map(({ driver }) => driver))];
}

/** The ResourceClaim that a pod's own name for it stands for; undefined before there is one. */
export function madeClaimName({ spec, status }: corev1.Pod, name: string): string | undefined {
  return spec?.resourceClaims?.find((reference) => reference.name === name)?.resourceClaimName ?? status?.resourceClaimStatuses?.find((made) => made.name === name)?.resourceClaimName;
}

/** Undefined: a template that made no claim on purpose. */
function claimName(pod: corev1.Pod, { name, resourceClaimName }: corev1.PodResourceClaim): string | undefined {
  if (resourceClaimName !== undefined) return resourceClaimName;
  const made = pod.status?.resourceClaimStatuses?.find((status) => status.name === name);
  if (!made) throw new Error(`pod "${namespaceOf(pod)}/${nameOf(pod)}": ResourceClaim not created yet`);
  return made.resourceClaimName;
}
