import { fieldErrors, FieldPath, rangeMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { entries, list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { semanticEqual } from '../../../support/semantic-equal';
import { describeDifference } from '../../../validation/describe-difference';
import { type Findings, present, refuse } from '../../../validation/rules';

type Pod = Loose<corev1.Pod>;
type Spec = Loose<corev1.PodSpec>;
type Container = Loose<corev1.Container>;

const specPath = FieldPath.of('spec');
const maxDeadline = 2147483647;

/** What a running pod's spec may still change, in upstream's words. */
const changeable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** Images may change, the number of containers may not. */
function validateImages(containers: readonly Container[] | undefined, old: readonly Container[] | undefined, path: FieldPath, found: Findings): boolean {
  if (list(containers).length !== list(old).length) {
    found.push(fieldErrors.forbidden(path, 'pod updates may not add or remove containers'));
    return false;
  }
  list(containers).forEach(({ image = '' }, i) => {
    present(image, path.index(i).child('image'), found);
    if (image.trim() !== image) found.push(fieldErrors.invalid(path.index(i).child('image'), image, 'must not have leading or trailing whitespace'));
  });
  return true;
}

function validateDeadline(spec: Spec, old: Spec, found: Findings): void {
  const path = specPath.child('activeDeadlineSeconds');
  const [next, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (next === undefined) {
    if (before !== undefined) found.push(fieldErrors.invalid(path, null, 'must not update from a positive integer to nil value'));
  } else if (next < 0 || next > maxDeadline) refuse([rangeMessage(0, maxDeadline)], next, path, found);
  else if (before !== undefined && before < next) found.push(fieldErrors.invalid(path, next, 'must be less than or equal to previous value'));
}

function validateAddedTolerations(spec: Spec, old: Spec, found: Findings): void {
  // Lists of thousands are looked up, not compared with each other.
  const textOf = ({ key = '', operator = '', value = '', effect = '' }: Loose<corev1.Toleration>): string => JSON.stringify([key, operator, value, effect]);
  const now = new Set(list(spec.tolerations).map(textOf));
  if (!list(old.tolerations).every((before) => now.has(textOf(before)))) {
    found.push(fieldErrors.forbidden(specPath.child('tolerations'), 'existing toleration can not be modified except its tolerationSeconds'));
  }
}

function validateRemovedGates(spec: Spec, old: Spec, found: Findings): void {
  const before = new Set(list(old.schedulingGates).map(({ name }) => name));
  list(spec.schedulingGates).forEach(({ name = '' }, i) => {
    if (!before.has(name)) found.push(fieldErrors.forbidden(specPath.child('schedulingGates').index(i).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`));
  });
}

const withImages = (containers: readonly Container[] | undefined, old: readonly Container[] | undefined): Container[] =>
  list(containers).map((container, i) => {
    const image = list(old)[i]?.image;
    return image === undefined ? container : { ...container, image };
  });

const startsWith = (longer: readonly unknown[], shorter: readonly unknown[]): boolean =>
  shorter.length === 0 || (longer.length >= shorter.length && semanticEqual(longer.slice(0, shorter.length), shorter));

/** Alternatives are neither added nor taken away, and each only asks for more. */
function validateNodeAffinityChange(spec: Spec, old: Spec, found: Findings): void {
  const terms = ({ affinity }: Spec): readonly Loose<corev1.NodeSelectorTerm>[] => list(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);
  const [before, after] = [terms(old), terms(spec)];
  if (before.length === 0) return;
  const path = specPath.child('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  if (before.length !== after.length) {
    found.push(fieldErrors.invalid(path, after, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
    return;
  }
  before.forEach((term, i) => {
    const next = after[i] ?? {};
    // An alternative that matches nothing must not begin to match.
    const wasEmpty = list(term.matchExpressions).length + list(term.matchFields).length === 0 && list(next.matchExpressions).length + list(next.matchFields).length > 0;
    if (wasEmpty || !startsWith(list(next.matchExpressions), list(term.matchExpressions)) || !startsWith(list(next.matchFields), list(term.matchFields)))
      found.push(fieldErrors.invalid(path.index(i), next, 'only additions are allowed (no mutations or deletions)'));
  });
}

/** A pod that waits at its gates may still become pickier about nodes. */
function tightened(spec: Spec, old: Spec, found: Findings): Partial<Spec> {
  if (list(old.schedulingGates).length === 0) return { nodeSelector: spec.nodeSelector, affinity: spec.affinity };
  if (entries(old.nodeSelector).some(([key, value]) => spec.nodeSelector?.[key] !== value))
    found.push(fieldErrors.invalid(specPath.child('nodeSelector'), spec.nodeSelector ?? null, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'));
  validateNodeAffinityChange(spec, old, found);
  const affinity = { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity };
  return { nodeSelector: old.nodeSelector, affinity };
}

/** What may change of a pod that exists: little. */
export function validatePodChange(pod: Pod, oldPod: Pod): Findings {
  const found: Findings = [];
  const [spec, old] = [pod.spec ?? {}, oldPod.spec ?? {}];
  const sameContainers = validateImages(spec.containers, old.containers, specPath.child('containers'), found);
  const sameInit = validateImages(spec.initContainers, old.initContainers, specPath.child('initContainers'), found);
  if (!sameContainers || !sameInit) return found;
  validateDeadline(spec, old, found);
  // Most updates are of metadata alone.
  if (semanticEqual(spec, old)) return found;
  validateAddedTolerations(spec, old, found);
  validateRemovedGates(spec, old, found);
  const grace = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1 ? old : spec;
  const unchanged: Spec = {
    ...spec,
    ...tightened(spec, old, found),
    containers: withImages(spec.containers, old.containers),
    initContainers: withImages(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    terminationGracePeriodSeconds: grace.terminationGracePeriodSeconds,
  };
  if (!semanticEqual(unchanged, old))
    found.push(fieldErrors.forbidden(specPath, `pod updates may not change fields other than ${changeable}\n${describeDifference(old, unchanged)}`));
  return found;
}

/** Debugging containers that were added stay as they are. */
export function validateEphemeralChange(pod: Pod, oldPod: Pod): Findings {
  const found: Findings = [];
  const path = specPath.child('ephemeralContainers');
  const containers = list(pod.spec?.ephemeralContainers);
  for (const before of list(oldPod.spec?.ephemeralContainers)) {
    const after = containers.find(({ name }) => name === before.name);
    const name = JSON.stringify(before.name ?? '');
    if (after === undefined) found.push(fieldErrors.forbidden(path, `existing ephemeral containers ${name} may not be removed\n`));
    else if (!semanticEqual(after, before)) found.push(fieldErrors.forbidden(path, `existing ephemeral containers ${name} may not be changed\n${describeDifference(before, after)}`));
  }
  return found;
}
