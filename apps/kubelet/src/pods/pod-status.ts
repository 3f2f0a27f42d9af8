import { type corev1 } from '@navarch/api';
import { apiTime } from './api-time';
import { containerStatuses, type ContainerStatusInput } from './container-statuses';
import { type Termination } from './pod-observation';
import { podConditions } from './pod-conditions';
import { podPhase } from './pod-phase';
import { podResourcesStatus } from './pod-resources-status';
import { resizeConditions, resizeConditionTypes, type GivenResources } from './resize-conditions';
import { type PendingResize } from './resize';
import { isTerminalPhase } from './pod-spec';
import { restartTriggers } from './restart-all';
import { qosClass } from './qos-class';

export interface PodStatusInput extends Omit<ContainerStatusInput, 'ended' | 'ending'>, GivenResources {
  readonly nowMs: number;
  /** Addresses of the node, the main one first. */
  readonly hostIPs: readonly string[];
  readonly termination: Termination | undefined;
  /** The pod with what it and its containers were given. */
  readonly given: corev1.Pod;
  /** A resize that waits, or one that fails. */
  readonly resize: { readonly pending?: PendingResize; readonly error?: string };
  /** Nothing of the pod runs, and nothing will. */
  readonly stopped: boolean;
  /** It holds claims that others may get once its phase is final. */
  readonly holding: boolean;
}

/** The whole status of a pod, from what is seen of it and what its status was before. */
export function computePodStatus(input: PodStatusInput): corev1.PodStatus {
  const { pod, previous, runtime, termination, nowMs } = input;
  const terminal = isTerminalPhase(previous.phase);
  const ended = terminal || input.stopped || termination?.cause === 'finished';
  const statuses = containerStatuses({ ...input, ended, ending: ended || termination !== undefined });
  let phase = podPhase(pod, statuses.init, statuses.containers, ended, (containerID) => input.remade.has(containerID?.split('://')[1] ?? ''));
  if (termination?.cause === 'failed') phase = 'Failed';
  // A phase that is final stays, whatever is left of the containers.
  if (terminal && previous.phase !== undefined) phase = previous.phase;
  // One that becomes final lets others have what the pod had: not before its containers have ended (upstream's mergePodStatus).
  const withheld = !terminal && isTerminalPhase(phase) && (input.holding || runtime.containers.some(({ state }) => state === 'running' || state === 'unknown'));

  const sandbox = runtime.sandboxes[0];
  const hostNetwork = pod.spec?.hostNetwork === true;
  const ips = hostNetwork ? (sandbox ? input.hostIPs : []) : sandbox?.ready ? sandbox.ips : ended || !sandbox ? podIPsOf(previous) : sandbox.ips;
  const sandboxReady = sandbox?.ready === true && (hostNetwork || sandbox.ips.length > 0);
  const verdicts = podConditions({
    pod, phase, restartingAll: !termination && restartTriggers(pod, runtime).length > 0, init: statuses.init, containers: statuses.containers, sandboxReady, existing: pod.status?.conditions ?? [],
  });
  const disruption = termination?.disruption === undefined ? [] : [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: termination.disruption }] as const];
  const all = new Map([...verdicts, ...disruption, ...(ended ? [] : resizeConditions(pod, runtime, input, input.resize))]);
  const failure = termination?.cause === 'failed' && !withheld ? termination : previous;
  const { reason, message } = failure;
  const generation = pod.metadata.generation;
  const shownPhase = withheld ? previous.phase ?? 'Pending' : phase;
  const { allocatedResources, resources } = podResourcesStatus(input.given, pod, shownPhase === 'Running');
  return {
    ...(allocatedResources ? { allocatedResources } : {}),
    conditions: mergeConditions(pod, previous, all, nowMs),
    ...(statuses.containers.length > 0 ? { containerStatuses: statuses.containers } : {}),
    ...(statuses.ephemeral.length > 0 ? { ephemeralContainerStatuses: statuses.ephemeral } : {}),
    ...(input.hostIPs[0] === undefined ? {} : { hostIP: input.hostIPs[0], hostIPs: input.hostIPs.map((ip) => ({ ip })) }),
    ...(statuses.init.length > 0 ? { initContainerStatuses: statuses.init } : {}),
    ...(message === undefined ? {} : { message }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: shownPhase,
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    ...(reason === undefined ? {} : { reason }),
    ...(resources ? { resources } : {}),
    startTime: previous.startTime ?? apiTime(nowMs),
  };
}

/** How many containers of a name a status has told of. */
export function startsBefore(status: corev1.PodStatus, name: string): number {
  const known = [...status.initContainerStatuses ?? [], ...status.containerStatuses ?? [], ...status.ephemeralContainerStatuses ?? []].find((candidate) => candidate.name === name);
  return known?.containerID === undefined ? 0 : known.restartCount + 1;
}

function podIPsOf(status: corev1.PodStatus): string[] {
  return (status.podIPs ?? []).map(({ ip }) => ip);
}

const order = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

/** Keeps the times of conditions that did not change, and conditions that others own. */
function mergeConditions(pod: corev1.Pod, previous: corev1.PodStatus, verdicts: ReadonlyMap<string, Pick<corev1.PodCondition, 'status' | 'reason' | 'message'>>, nowMs: number): corev1.PodCondition[] {
  const generation = pod.metadata.generation;
  const existing = [...(previous.conditions ?? []), ...(pod.status?.conditions ?? [])];
  // The API server says so at the binding, but not of which generation.
  const own = [...verdicts, ['PodScheduled', { status: 'True' }] as const];
  const merged = own.map(([type, verdict]): corev1.PodCondition => {
    const before = existing.find((condition) => condition.type === type);
    return {
      type,
      ...verdict,
      lastTransitionTime: before?.status === verdict.status && before.lastTransitionTime !== undefined ? before.lastTransitionTime : apiTime(nowMs),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
  const others = (pod.status?.conditions ?? []).filter((condition) => !resizeConditionTypes.has(condition.type) && !merged.some((other) => other.type === condition.type));
  return [...merged, ...others].sort((a, b) => rank(a.type) - rank(b.type));
}

function rank(type: string): number {
  const index = order.indexOf(type);
  return index < 0 ? order.length : index;
}
