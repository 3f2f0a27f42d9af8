import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

type Pod = Loose<corev1.Pod>;
type Status = Loose<corev1.ContainerStatus>;

/** What one line says of a pod. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When a container last ended to be started again. */
  readonly lastRestart: string | undefined;
  readonly reason: string;
}

/** Counts restarts and keeps the time of the last. */
class Restarts {
  count = 0;
  last: string | undefined;

  add({ restartCount = 0, lastState }: Status): void {
    this.count += restartCount;
    const finished = lastState?.terminated?.finishedAt;
    // Times of the API compare as text.
    if (finished && (this.last === undefined || finished > this.last)) this.last = finished;
  }
}

function endedReason({ reason, signal, exitCode = 0 }: Loose<corev1.ContainerStateTerminated>): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

const hasCondition = (pod: Pod, type: string): boolean => list(pod.status?.conditions).some((condition) => condition.type === type && condition.status === 'True');

interface InitState {
  /** Why the pod is not yet past its init containers. */
  readonly reason: string | undefined;
  readonly readySidecars: number;
  readonly restarts: Restarts;
  readonly sidecarRestarts: Restarts;
}

function initState(pod: Pod, sidecars: ReadonlySet<string>): InitState {
  const restarts = new Restarts();
  const sidecarRestarts = new Restarts();
  let readySidecars = 0;
  const statuses = list(pod.status?.initContainerStatuses);
  for (const [i, status] of statuses.entries()) {
    const sidecar = sidecars.has(status.name ?? '');
    restarts.add(status);
    if (sidecar) sidecarRestarts.add(status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated && (terminated.exitCode ?? 0) === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) readySidecars++;
      continue;
    }
    let reason = `Init:${i}/${list(pod.spec?.initContainers).length}`;
    if (terminated) reason = `Init:${endedReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`;
    return { reason, readySidecars, restarts, sidecarRestarts };
  }
  return { reason: undefined, readySidecars, restarts, sidecarRestarts };
}

function phaseReason({ status }: Pod): string {
  const gated = list(status?.conditions).some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  return gated ? 'SchedulingGated' : status?.reason || (status?.phase ?? '');
}

function containersState(pod: Pod, reasonSoFar: string, restarts: Restarts): { reason: string; ready: number } {
  let reason = reasonSoFar;
  let ready = 0;
  for (const status of [...list(pod.status?.containerStatuses)].reverse()) {
    restarts.add(status);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = endedReason(terminated);
    else if (status.ready && running) ready++;
  }
  // One that is over does not speak for the pod while another still runs.
  if (reason === 'Completed' && ready > 0) reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  return { reason, ready };
}

function deletionReason({ metadata, status }: Pod): string | undefined {
  if (metadata?.deletionTimestamp === undefined) return undefined;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : 'Terminating';
}

/** What `kubectl get pods` shows of a pod, by upstream's rules: the most telling of many reasons. */
export function podSummary(pod: Pod): PodSummary {
  const initContainers = list(pod.spec?.initContainers);
  const sidecars = new Set(initContainers.flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' && name !== undefined ? [name] : [])));
  const init = initState(pod, sidecars);
  let reason = init.reason ?? phaseReason(pod);
  let ready = init.readySidecars;
  let { restarts } = init;
  if (init.reason === undefined || hasCondition(pod, 'Initialized')) {
    // Restarts of init containers are over and done with, except those of sidecars.
    restarts = init.sidecarRestarts;
    const containers = containersState(pod, reason, restarts);
    reason = containers.reason;
    ready += containers.ready;
  }
  return {
    ready,
    total: list(pod.spec?.containers).length + sidecars.size,
    restarts: restarts.count,
    lastRestart: restarts.last,
    reason: deletionReason(pod) ?? reason,
  };
}
