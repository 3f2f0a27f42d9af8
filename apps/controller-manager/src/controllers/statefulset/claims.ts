import { apps, core, type appsv1, type corev1, type KubeObject, type metav1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { claimNameOf, isInRange, ordinalOf, podNameOf } from './identity';

type StatefulSet = appsv1.StatefulSet;
type Claim = corev1.PersistentVolumeClaim;

/** The claims of an ordinal, as they are made. */
export function claimsOf(set: StatefulSet, ordinal: number): Claim[] {
  const podName = podNameOf(set, ordinal);
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const ownerReferences = policyOf(set).whenDeleted === 'Delete' ? [controllerReference(apps.statefulsets, set)] : [];
    return {
      ...template,
      metadata: {
        ...template.metadata,
        name: claimNameOf(template, podName),
        namespace: set.metadata.namespace ?? '',
        labels: { ...template.metadata.labels, ...set.spec?.selector.matchLabels },
        ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
      },
    };
  });
}

export function policyOf({ spec }: StatefulSet): { whenDeleted: string; whenScaled: string } {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec?.persistentVolumeClaimRetentionPolicy ?? {};
  return { whenDeleted, whenScaled };
}

const isReferenceTo = (kind: string, name: string | undefined) => (reference: metav1.OwnerReference): boolean => reference.kind === kind && reference.name === name;

/** Whether it is of an earlier object of that name. */
const isOfAnother = ({ metadata }: KubeObject) => ({ uid }: metav1.OwnerReference): boolean => uid !== metadata.uid;

/**
 * The owners that a claim should have by the retention policy, if it has others now: with the set it goes when the set
 * is deleted, with its pod when that is scaled away. A claim that another controls goes with neither, and one that goes with an
 * earlier set or pod of the name is left to do so (upstream's isClaimOwnerUpToDate).
 */
export function wantedOwners(set: StatefulSet, pod: corev1.Pod, claim: Claim): metav1.OwnerReference[] | undefined {
  const before = claim.metadata.ownerReferences ?? [];
  const isSet = isReferenceTo('StatefulSet', set.metadata.name);
  const isPod = isReferenceTo('Pod', pod.metadata.name);
  if (before.filter(isSet).some(isOfAnother(set)) || before.filter(isPod).some(isOfAnother(pod))) return undefined;
  const others = before.filter((reference) => !isSet(reference) && !isPod(reference));
  const wanted = others.some(({ controller }) => controller === true) ? others : [...others, ...ownersByPolicy(set, pod)];
  const text = (references: readonly metav1.OwnerReference[]): string => references.map(({ uid, controller = false }) => `${uid}:${controller}`).sort().join();
  return text(before) === text(wanted) ? undefined : wanted;
}

function ownersByPolicy(set: StatefulSet, pod: corev1.Pod): metav1.OwnerReference[] {
  const { whenDeleted, whenScaled } = policyOf(set);
  const isScaledAway = !isInRange(set, ordinalOf(set, pod) ?? -1);
  if (whenScaled === 'Delete' && isScaledAway) return [controllerReference(core.pods, pod)];
  return whenDeleted === 'Delete' ? [controllerReference(apps.statefulsets, set)] : [];
}

/** Whether the claim goes with an earlier pod of this name: a new one must wait for a new claim. Claims that are to be kept are never stale. */
export function isStale(set: StatefulSet, claim: Claim, podName: string): boolean {
  return policyOf(set).whenScaled === 'Delete' && (claim.metadata.ownerReferences ?? []).some(isReferenceTo('Pod', podName));
}
