import { type corev1 } from '@navarch/api';
import { type KubeletMetrics } from '../kubelet-metrics';

const kinds = [['init_container', 'initContainerStatuses'], ['container', 'containerStatuses'], ['ephemeral_container', 'ephemeralContainerStatuses']] as const;

/** Counts the containers that a pod's new status shows as ended, and its last one did not (upstream's status manager). */
export function countTerminations({ terminatedContainers }: Pick<KubeletMetrics, 'terminatedContainers'>, before: corev1.PodStatus, now: corev1.PodStatus): void {
  for (const [type, field] of kinds) {
    for (const status of now[field] ?? []) {
      const end = endOf(status);
      const known = before[field]?.find(({ name }) => name === status.name);
      const knownEnd = known && endOf(known);
      if (!end || (knownEnd && knownEnd.containerID === end.containerID)) continue;
      terminatedContainers.inc({ container_type: type, exit_code: String(end.exitCode), reason: end.reason ?? '' });
    }
  }
}

/** What a container that does not run has ended with: one that waits to be restarted is shown as ended in its last state only. */
function endOf({ state, lastState }: corev1.ContainerStatus): corev1.ContainerStateTerminated | undefined {
  return state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined);
}
