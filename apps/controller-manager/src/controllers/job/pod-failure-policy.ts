import type { batchv1, corev1 } from '@navarch/api';

export interface PolicyVerdict {
  readonly action: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore' | 'none';
  /** Why the Job fails. */
  readonly message: string;
}

/** What the first rule that matches a failed pod says. */
export function judgeFailure(policy: batchv1.PodFailurePolicy | undefined, pod: corev1.Pod): PolicyVerdict {
  for (const [at, rule] of (policy?.rules ?? []).entries()) {
    const reason = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (reason !== undefined) return { action: rule.action as PolicyVerdict['action'], message: `${reason} matching ${rule.action} rule at index ${at}` };
  }
  return { action: 'none', message: '' };
}

function matchExitCodes({ onExitCodes }: batchv1.PodFailurePolicyRule, { metadata, status }: corev1.Pod): string | undefined {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values } = onExitCodes;
  for (const { name, state } of [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]) {
    const exitCode = state?.terminated?.exitCode;
    if (exitCode === undefined || exitCode === 0 || (containerName !== undefined && containerName !== name)) continue;
    if (values.includes(exitCode) === (operator === 'In')) return `Container ${name} for pod ${metadata.namespace ?? ''}/${metadata.name ?? ''} failed with exit code ${exitCode}`;
  }
  return undefined;
}

function matchConditions({ onPodConditions = [] }: batchv1.PodFailurePolicyRule, { metadata, status }: corev1.Pod): string | undefined {
  const found = status?.conditions?.find((condition) => onPodConditions.some((pattern) => condition.type === pattern.type && condition.status === (pattern.status ?? 'True')));
  return found === undefined ? undefined : `Pod ${metadata.namespace ?? ''}/${metadata.name ?? ''} has condition ${found.type}`;
}
