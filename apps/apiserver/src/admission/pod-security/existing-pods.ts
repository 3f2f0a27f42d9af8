import type { corev1 } from '@navarch/api';
import { compareStrings, goQuote } from '@navarch/apimachinery';
import { formatLevelVersion, summarizeViolations, violationsOf, type LevelVersion } from '@navarch/pod-security';

/** A namespace may hold very many pods, and its change must not take long. */
const mostChecked = 3_000;

/** One pod of each controller first: the others are most likely like it. */
function mostTellingFirst(pods: readonly corev1.Pod[]): corev1.Pod[] {
  const seen = new Set<string>();
  const [first, rest]: [corev1.Pod[], corev1.Pod[]] = [[], []];
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (owner === undefined || !seen.has(owner)) first.push(pod);
    else rest.push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...rest];
}

function others(count: number): string {
  if (count === 0) return '';
  return count === 1 ? ' (and 1 other pod)' : ` (and ${count} other pods)`;
}

/** Warnings about pods that would not have been let in at a namespace's new level. They stay. */
export function existingPodWarnings(namespace: string, level: LevelVersion, pods: readonly corev1.Pod[]): string[] {
  const checked = mostTellingFirst(pods).slice(0, mostChecked);
  const byReason = new Map<string, string[]>();
  for (const { metadata, spec = { containers: [] } } of checked) {
    const reason = summarizeViolations(violationsOf({ metadata, spec }, level));
    if (reason !== '') byReason.set(reason, [...(byReason.get(reason) ?? []), metadata.name ?? '']);
  }
  const found = [...byReason].map(([reason, names]) => `${names.sort(compareStrings)[0] ?? ''}${others(names.length - 1)}: ${reason}`).sort(compareStrings);
  return [
    ...(checked.length < pods.length ? [`new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`] : []),
    ...(found.length > 0 ? [`existing pods in namespace ${goQuote(namespace)} violate the new PodSecurity enforce level ${goQuote(formatLevelVersion(level))}`] : []),
    ...found,
  ];
}
