import type { corev1, metav1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

type Labels = Loose<Record<string, string>>;
type Selecting = Loose<{ labelSelector?: metav1.LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] }>;

/** A new pod's own values of the keys become part of the selector, so that whoever evaluates it needs to know the selector only. */
function merge(term: Selecting, labels: Labels): void {
  if (!term.labelSelector) return;
  const added = (keys: readonly string[] | undefined, operator: string): Loose<metav1.LabelSelectorRequirement>[] =>
    list(keys).flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const more = [...added(term.matchLabelKeys, 'In'), ...added(term.mismatchLabelKeys, 'NotIn')];
  if (more.length > 0) term.labelSelector = { ...term.labelSelector, matchExpressions: [...list(term.labelSelector.matchExpressions), ...more] };
}

/** Fills in what `matchLabelKeys` and `mismatchLabelKeys` mean for this pod. */
export function mergeMatchLabelKeys(spec: Loose<corev1.PodSpec>, labels: Labels): void {
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const term of list(affinity?.requiredDuringSchedulingIgnoredDuringExecution)) merge(term, labels);
    for (const { podAffinityTerm } of list(affinity?.preferredDuringSchedulingIgnoredDuringExecution)) if (podAffinityTerm) merge(podAffinityTerm, labels);
  }
  for (const constraint of list(spec.topologySpreadConstraints)) merge(constraint, labels);
}
