import { type corev1 } from '@navarch/api';
import { initContainersOf, containersOf, isSidecar, restartPolicyOf } from './pod-spec';
import { couldRestartAll } from './restart-all';
import { initRestartsAfterExit, restartsAfterExit } from './restart-policy';

const notRemade = (): boolean => false;

/** Upstream's getPhase: the phase that follows from a pod's container statuses. `ended`: nothing will run again. `remade`: whether one that has ended was to be made anew. */
export function podPhase(
  pod: corev1.Pod,
  init: readonly corev1.ContainerStatus[],
  statuses: readonly corev1.ContainerStatus[],
  ended: boolean,
  remade: (containerID: string | undefined) => boolean = notRemade,
): string {
  let pendingInit = 0;
  let failedInit = 0;
  /** Ended, and to run again by a rule or policy of its own. */
  let restarting = 0;
  for (const container of initContainersOf(pod)) {
    const status = init.find((candidate) => candidate.name === container.name);
    if (isSidecar(container)) {
      if (!status?.started && !status?.state?.terminated && !status?.lastState?.terminated) pendingInit++;
    } else if (status?.state?.terminated) {
      if (status.state.terminated.exitCode !== 0) failedInit++;
      if (!ended && initRestartsAfterExit(pod, container, status.state.terminated)) restarting++;
    } else if (status?.state?.waiting && status.lastState?.terminated && status.lastState.terminated.exitCode !== 0) failedInit++;
    else pendingInit++;
  }

  let unknown = 0;
  let running = 0;
  let waiting = 0;
  let stopped = 0;
  let succeeded = 0;
  for (const container of containersOf(pod)) {
    const status = statuses.find((candidate) => candidate.name === container.name);
    if (status?.state?.running) running++;
    else if (status?.state?.terminated) {
      stopped++;
      if (status.state.terminated.exitCode === 0) succeeded++;
      if (!ended && (remade(status.state.terminated.containerID) || restartsAfterExit(pod, container, status.state.terminated))) restarting++;
    } else if (status?.state?.waiting) {
      if (status.lastState?.terminated) {
        stopped++;
        // What waits after all were taken away begins anew, whatever it ended with.
        const { terminated } = status.lastState;
        const begins = couldRestartAll(pod) || remade(terminated.containerID) || restartsAfterExit(pod, container, terminated);
        if (!ended && begins) restarting++;
      } else waiting++;
    } else unknown++;
  }

  const policy = restartPolicyOf(pod);
  if (failedInit > 0 && policy === 'Never' && restarting === 0) return 'Failed';
  if (ended && running === 0) {
    if (stopped > 0 && succeeded === containersOf(pod).length) return 'Succeeded';
    // Nothing ran, or not everything ended well, and nothing will.
    return 'Failed';
  }
  if ((pendingInit > 0 || failedInit > 0) && running === 0 && stopped === 0) return 'Pending';
  if (waiting > 0) return 'Pending';
  if (running > 0 && unknown === 0) return 'Running';
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (policy === 'Always' || restarting > 0) return 'Running';
    if (stopped === succeeded) return 'Succeeded';
    return policy === 'Never' ? 'Failed' : 'Running';
  }
  return 'Pending';
}
