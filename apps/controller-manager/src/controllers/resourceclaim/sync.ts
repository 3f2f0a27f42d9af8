import { core, type corev1, type resourcev1 } from '@navarch/api';
import { controllerOf, controllerReference, isPodTerminal } from '@navarch/reconcile';
import { omit } from '../../omit';

type Claim = resourcev1.ResourceClaim;
type Template = resourcev1.ResourceClaimTemplate;

export const CLAIM_FINALIZER = 'resource.kubernetes.io/delete-protection';
/** On a claim that was made of a template: which of its pod's claims it is. */
export const POD_CLAIM = 'resource.kubernetes.io/pod-claim-name';

/** It will use no devices any more, or never did. */
export const isPodDone = (pod: corev1.Pod): boolean => isPodTerminal(pod) || (pod.metadata.deletionTimestamp !== undefined && (pod.spec?.nodeName ?? '') === '');

/** So many pods can use a claim. */
const MOST_USERS = 256;
/** Of what names are generated from: what the apiserver adds fits behind it. */
const LONGEST_BASE = 57;

/** What the name of a pod's claim begins with; of long names as much of either as its share allows, so that both can be told. */
export function claimNameBase(pod: string, podClaim: string): string {
  const base = `${pod}-${podClaim}-`;
  if (base.length <= LONGEST_BASE) return base;
  const share = (name: string): string => name.slice(0, Math.floor((name.length * LONGEST_BASE) / base.length));
  return `${share(pod)}-${share(podClaim)}`;
}

export interface PodClaimsPlan {
  readonly create: readonly { readonly podClaim: string; readonly claim: Claim }[];
  /** What cannot be made, and why. */
  readonly failures: readonly { readonly podClaim: string; readonly message: string }[];
  /** Claims of templates, by the name that the pod gives them, that are there already. */
  readonly known: ReadonlyMap<string, string>;
}

/** Decides which claims a pod lacks; `claims` are those of its namespace. They do not keep their pod from going, which would take a right to its finalizers. */
export function planPodClaims(pod: corev1.Pod, claims: readonly Claim[], template: (name: string) => Template | undefined): PodClaimsPlan {
  const create: { podClaim: string; claim: Claim }[] = [];
  const failures: { podClaim: string; message: string }[] = [];
  const known = new Map<string, string>();
  if (isPodDone(pod) || pod.metadata.deletionTimestamp !== undefined) return { create, failures, known };
  const { name: podName = '', namespace = '', uid } = pod.metadata;
  for (const { name, resourceClaimTemplateName } of pod.spec?.resourceClaims ?? []) {
    if (resourceClaimTemplateName === undefined) continue;
    const found = claims.find((claim) => controllerOf(claim)?.uid === uid && claim.metadata.annotations?.[POD_CLAIM] === name);
    if (found !== undefined) {
      known.set(name, found.metadata.name ?? '');
      continue;
    }
    const given = template(resourceClaimTemplateName)?.spec;
    if (given === undefined) {
      failures.push({
        podClaim: name,
        message: `resource claim template ${JSON.stringify(resourceClaimTemplateName)}: resourceclaimtemplate.resource.k8s.io ${JSON.stringify(resourceClaimTemplateName)} not found`,
      });
      continue;
    }
    const { labels, annotations } = given.metadata ?? {};
    create.push({
      podClaim: name,
      claim: {
        metadata: {
          generateName: claimNameBase(podName, name),
          namespace,
          ...(labels === undefined ? {} : { labels }),
          annotations: { ...annotations, [POD_CLAIM]: name },
          ownerReferences: [omit(controllerReference(core.pods, pod), 'blockOwnerDeletion')],
        },
        spec: given.spec,
      },
    });
  }
  return { create, failures, known };
}

/**
 * The claims that a pod uses without the scheduler having reserved them for it: who named the node itself asked nobody. Their
 * kubelet waits until they are reserved.
 */
export function claimsToReserve(pod: corev1.Pod, names: ReadonlyMap<string, string>, claim: (name: string) => Claim | undefined): Claim[] {
  if ((pod.spec?.nodeName ?? '') === '' || isPodDone(pod) || pod.metadata.deletionTimestamp !== undefined) return [];
  return (pod.spec?.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
    const found = claim(resourceClaimName ?? names.get(name) ?? '');
    const { allocation, reservedFor = [] } = found?.status ?? {};
    const isReserved = reservedFor.some(({ uid }) => uid === pod.metadata.uid);
    return found === undefined || allocation === undefined || isReserved || reservedFor.length >= MOST_USERS ? [] : [found];
  });
}

export interface ClaimPlan {
  /** The status to write: without pods that are done, and without devices when nobody uses them. */
  readonly status?: resourcev1.ResourceClaimStatus;
  readonly dropFinalizer: boolean;
  readonly remove: boolean;
}

/** Decides what a claim needs; `isUsedBy` says whether a pod is there and not done. */
export function planClaim(claim: Claim, isUsedBy: (name: string, uid: string) => boolean): ClaimPlan {
  const { metadata, status = {} } = claim;
  const reserved = status.reservedFor ?? [];
  const valid = reserved.filter(({ resource, apiGroup, name, uid }) => resource !== 'pods' || (apiGroup ?? '') !== '' || isUsedBy(name, uid));
  const isFree = valid.length === 0;
  // Devices that nobody uses any more are given back, and so are those of a claim that is to go.
  const deallocate = isFree && status.allocation !== undefined && (reserved.length > 0 || metadata.deletionTimestamp !== undefined);
  const next: resourcev1.ResourceClaimStatus = { ...(deallocate ? {} : omit(status, 'reservedFor')), ...(isFree ? {} : { reservedFor: valid }) };
  const owner = controllerOf(claim);
  const isOrphaned = owner?.kind === 'Pod' && !isUsedBy(owner.name, owner.uid);
  return {
    ...(valid.length !== reserved.length || deallocate ? { status: next } : {}),
    dropFinalizer: isFree && (deallocate || status.allocation === undefined) && metadata.finalizers?.includes(CLAIM_FINALIZER) === true,
    remove: isOrphaned && isFree && metadata.deletionTimestamp === undefined,
  };
}
