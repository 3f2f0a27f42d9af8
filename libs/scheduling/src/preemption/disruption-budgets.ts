import type { policyv1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import type { PodInfo } from '../state/pod-info';

const isEmpty = (selector: policyv1.PodDisruptionBudgetSpec['selector']): boolean =>
  selector === undefined || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0);

/** Parts pods into those whose removal, one after the other, would break a budget, and the others. */
export function splitByBudgets(pods: readonly PodInfo[], budgets: readonly policyv1.PodDisruptionBudget[]): { violating: PodInfo[]; others: PodInfo[] } {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let breaks = false;
    for (const [index, { metadata, spec, status }] of budgets.entries()) {
      if (metadata.namespace !== pod.namespace || isEmpty(spec?.selector) || Object.keys(pod.labels).length === 0) continue;
      // One that is being disrupted already was counted when that was allowed.
      if (!matchesLabelSelector(spec?.selector, pod.labels) || status?.disruptedPods?.[pod.name] !== undefined) continue;
      const allowed = (left[index] as number) - 1;
      left[index] = allowed;
      if (allowed < 0) breaks = true;
    }
    (breaks ? violating : others).push(pod);
  }
  return { violating, others };
}
