import { type corev1 } from '@navarch/api';
import { restartPolicyOf } from './pod-spec';
import { type ContainerView } from './runtime-view';

/** Whether an ended container is to run again, by its own rules and policy, else by its pod's. */
export function restartsAfterExit(pod: corev1.Pod, container: corev1.Container, exited: Pick<ContainerView, 'exitCode'>): boolean {
  // Whatever a rule says, it is to run again: alone or with all others.
  if (matchingRule(container, exited.exitCode)) return true;
  switch (container.restartPolicy ?? restartPolicyOf(pod)) {
    case 'Never': return false;
    case 'OnFailure': return exited.exitCode !== 0;
    default: return true;
  }
}

/** The first of a container's rules that speaks of an exit code. */
export function matchingRule(container: corev1.Container, exitCode: number): corev1.ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find(({ exitCodes }) => {
    const listed = (exitCodes?.values ?? []).includes(exitCode);
    return exitCodes?.operator === 'NotIn' ? !listed : listed;
  });
}

/** As `restartsAfterExit` for a regular init container, which runs to success once. */
export function initRestartsAfterExit(pod: corev1.Pod, container: corev1.Container, exited: Pick<ContainerView, 'exitCode'>): boolean {
  if (exited.exitCode === 0 && matchingRule(container, 0)?.action !== 'RestartAllContainers') return false;
  return (container.restartPolicy ?? restartPolicyOf(pod)) !== 'Never' || restartsAfterExit(pod, container, exited);
}

/** Whether a container of any sort should be running now but is not. */
export function shouldBeRestarted(pod: corev1.Pod, container: corev1.Container, latest: ContainerView | undefined, isInit: boolean): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  if (!latest) return true;
  if (latest.state === 'running') return false;
  if (latest.state !== 'exited') return true;
  return isInit && container.restartPolicy !== 'Always' ? initRestartsAfterExit(pod, container, latest) : restartsAfterExit(pod, container, latest);
}
