import { type corev1 } from '@navarch/api';
import { ContainerConfigError } from '../containers/config-error';
import { isRecursivelyReadOnly } from '../volumes/recursive-read-only';
import { apiTime } from './api-time';
import { startKey } from './pod-action';
import { type ProbeResults } from './pod-observation';
import { containersOf, ephemeralContainersOf, initContainersOf, isSidecar } from './pod-spec';
import { couldRestartAll } from './restart-all';
import { shouldBeRestarted } from './restart-policy';
import { type ContainerView, type RuntimeView } from './runtime-view';

/** What the statuses of a pod's containers are made from. */
export interface ContainerStatusInput {
  readonly pod: corev1.Pod;
  readonly runtime: RuntimeView;
  readonly inFlight: ReadonlySet<string>;
  /** Ids of containers that were ended to be made anew. */
  readonly remade: ReadonlySet<string>;
  readonly probes: (containerId: string) => ProbeResults;
  /** Why containers that should run do not, by name: crash and pull back-off, failures to create. */
  readonly waiting: ReadonlyMap<string, corev1.ContainerStateWaiting>;
  readonly previous: corev1.PodStatus;
  /** What a running container was given for itself; undefined if that is not known. */
  readonly own: (containerId: string) => corev1.ResourceRequirements | undefined;
  /** How what a container has to itself is. */
  readonly resourceHealth: (container: corev1.Container) => corev1.ResourceStatus[];
  /** Nothing of the pod will run again. */
  readonly ended: boolean;
  /** The pod is being ended: nothing new begins. */
  readonly ending: boolean;
  /** The scheme of container ids, such as `containerd`. */
  readonly runtimeName: string;
  /** Handlers of the runtime, by name, that can make whole trees read-only. */
  readonly recursiveReadOnlyMounts: ReadonlySet<string>;
}

export interface ContainerStatuses {
  readonly init: corev1.ContainerStatus[];
  readonly containers: corev1.ContainerStatus[];
  readonly ephemeral: corev1.ContainerStatus[];
}

/** Computes the status of every container, in the order of the spec. */
export function containerStatuses(input: ContainerStatusInput): ContainerStatuses {
  const { pod, previous } = input;
  const hasInit = initContainersOf(pod).length > 0;
  const defaultReason = hasInit ? 'PodInitializing' : 'ContainerCreating';
  return {
    init: initContainersOf(pod).map((container) => containerStatus(input, container, 'init', defaultReason, previous.initContainerStatuses)),
    containers: containersOf(pod).map((container) => containerStatus(input, container, 'app', defaultReason, previous.containerStatuses)),
    ephemeral: ephemeralContainersOf(pod).map((container) => containerStatus(input, container, 'ephemeral', 'ContainerCreating', previous.ephemeralContainerStatuses)),
  };
}

function containerStatus(
  input: ContainerStatusInput, container: corev1.Container, kind: 'init' | 'app' | 'ephemeral', defaultReason: string, oldStatuses: corev1.ContainerStatus[] | undefined,
): corev1.ContainerStatus {
  const old = oldStatuses?.find((status) => status.name === container.name);
  const [latest, before] = visibleContainers(input, container.name);
  if (!latest && old?.state?.terminated && input.ended) return old;
  if (old && latest && isBeingReplaced(input, latest, old)) return old;

  let state: corev1.ContainerState;
  // As upstream's convertToAPIContainerStatuses: one that was taken away and made anew between two looks has ended as it was last shown.
  const ended = latest && old?.containerID !== `${input.runtimeName}://${latest.id}` && old?.state?.terminated ? old.state : old?.lastState;
  let lastState: corev1.ContainerState = before?.state === 'exited' ? terminated(input, before) : ended ?? {};
  if (latest) state = stateOf(input, latest, old, defaultReason);
  else if (old?.state?.running) {
    // It was seen running, and its trace is gone from the runtime.
    const lost = lostContainer(old.containerID, input.ended);
    if (input.ended) state = lost;
    else {
      state = { waiting: { reason: defaultReason } };
      lastState = lost;
    }
  } else if (old?.state?.terminated && !couldRestartAll(input.pod)) {
    // It had ended, and somebody else has removed it: what it ended with stays true.
    state = old.state;
  } else {
    state = { waiting: { reason: defaultReason } };
    // It had ended, and was taken away to be made anew.
    if (old?.state?.terminated) lastState = old.state;
  }

  const why = input.waiting.get(container.name);
  if (why && !input.ended && ((latest?.state === 'exited' && input.remade.has(latest.id)) || shouldBeRestarted(input.pod, container, latest, kind === 'init'))) {
    if (state.terminated) lastState = state;
    state = { waiting: why };
  }

  const running = latest?.state === 'running' ? latest : undefined;
  const given = running && input.own(running.id);
  const containerId = latest ? `${input.runtimeName}://${latest.id}` : old?.containerID;
  const started = running !== undefined && startupDone(input, container, running, old);
  const regularInit = kind === 'init' && !isSidecar(container);
  const ready = regularInit ? state.terminated?.exitCode === 0 : kind !== 'ephemeral' && started && isReady(input, container, running, old);
  const health = kind === 'ephemeral' ? [] : input.resourceHealth(container);
  return {
    ...(health.length > 0 ? { allocatedResourcesStatus: health } : {}),
    ...(container.resources?.requests && running ? { allocatedResources: container.resources.requests } : {}),
    ...(containerId === undefined ? {} : { containerID: containerId }),
    image: latest?.image ?? old?.image ?? container.image ?? '',
    imageID: latest?.imageRef ?? old?.imageID ?? '',
    lastState,
    name: container.name,
    ready,
    ...(running && (given?.requests ?? given?.limits ?? container.resources) ? { resources: given ?? container.resources ?? {} } : {}),
    restartCount: latest?.attempt ?? old?.restartCount ?? 0,
    ...(kind === 'ephemeral' ? {} : { started }),
    state,
    ...(latest?.stopSignal === undefined ? {} : { stopSignal: latest.stopSignal }),
    ...userOf(latest),
    ...volumeMountsOf(input, container),
  };
}

/**
 * A container that was ended to be made anew is shown as it was until its successor runs, or something keeps that from beginning: both are one
 * sync of upstream's (kuberuntime's SyncPod), whose status is made before it.
 */
function isBeingReplaced(input: ContainerStatusInput, latest: ContainerView, old: corev1.ContainerStatus): boolean {
  const isShown = old.state?.running !== undefined && old.containerID === `${input.runtimeName}://${latest.id}`;
  return isShown && latest.state === 'exited' && input.remade.has(latest.id) && !input.ending && !input.waiting.has(old.name);
}

/** A container whose start is under way (its postStart hook included) is not shown as running yet. */
function visibleContainers({ runtime, inFlight }: ContainerStatusInput, name: string): ContainerView[] {
  const containers = runtime.containers.filter((container) => container.name === name);
  return inFlight.has(startKey(name)) ? containers.filter((container) => container.state === 'exited') : containers;
}

function stateOf(input: ContainerStatusInput, container: ContainerView, old: corev1.ContainerStatus | undefined, defaultReason: string): corev1.ContainerState {
  switch (container.state) {
    case 'running':
      return { running: { startedAt: apiTime(container.startedAtMs) } };
    case 'exited':
      return terminated(input, container);
    case 'created':
      return { waiting: { reason: defaultReason } };
    // It may run, but nobody knows: as upstream, what was running is said to have ended.
    case 'unknown':
      return old?.state?.running
        ? lostContainer(old.containerID, true)
        : old?.state?.terminated && old.containerID?.endsWith(container.id) === true
          ? old.state
          : { waiting: { reason: defaultReason } };
  }
}

function terminated(input: ContainerStatusInput, container: ContainerView): corev1.ContainerState {
  return {
    terminated: {
      containerID: `${input.runtimeName}://${container.id}`,
      exitCode: container.exitCode,
      finishedAt: apiTime(container.finishedAtMs),
      ...(container.message === '' ? {} : { message: container.message }),
      reason: container.reason === '' ? (container.exitCode === 0 ? 'Completed' : 'Error') : container.reason,
      startedAt: apiTime(container.startedAtMs),
    },
  };
}

function lostContainer(containerID: string | undefined, ended: boolean): corev1.ContainerState {
  return {
    terminated: {
      ...(containerID === undefined ? {} : { containerID }),
      exitCode: 137,
      message: ended
        ? 'The container could not be located when the pod was terminated'
        : 'The container could not be located when the pod was deleted.  The container used to be Running',
      reason: 'ContainerStatusUnknown',
    },
  };
}

/** A container taken over after a restart of the kubelet keeps what its status said until its probes speak. */
function keptFrom(input: ContainerStatusInput, running: ContainerView, old: corev1.ContainerStatus | undefined): corev1.ContainerStatus | undefined {
  return old?.containerID === `${input.runtimeName}://${running.id}` ? old : undefined;
}

function startupDone(input: ContainerStatusInput, container: corev1.Container, running: ContainerView, old: corev1.ContainerStatus | undefined): boolean {
  if (!container.startupProbe) return true;
  const result = input.probes(running.id).startup;
  return result === undefined ? keptFrom(input, running, old)?.started === true : result === 'success';
}

function isReady(input: ContainerStatusInput, container: corev1.Container, running: ContainerView | undefined, old: corev1.ContainerStatus | undefined): boolean {
  if (!running) return false;
  if (!container.readinessProbe) return true;
  const result = input.probes(running.id).readiness;
  return result === undefined ? keptFrom(input, running, old)?.ready === true : result === 'success';
}

function userOf(container: ContainerView | undefined): { user?: corev1.ContainerUser } {
  if (!container?.user) return {};
  const { uid, gid, supplementalGroups } = container.user;
  return { user: { linux: { uid, gid, supplementalGroups: [...supplementalGroups] } } };
}

function volumeMountsOf(input: ContainerStatusInput, container: corev1.Container): { volumeMounts?: corev1.VolumeMountStatus[] } {
  if (!container.volumeMounts || container.volumeMounts.length === 0) return {};
  const supported = canBeRecursive(input);
  return {
    volumeMounts: container.volumeMounts.map((mount) => ({
      mountPath: mount.mountPath, name: mount.name, ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: recursiveMode(mount, supported) } : {}),
    })),
  };
}

/** Whether the pod's handler can make whole trees read-only: its sandbox says which that is, or there is no class that could name one. */
function canBeRecursive({ pod, runtime, recursiveReadOnlyMounts }: ContainerStatusInput): boolean {
  const handler = runtime.sandboxes[0]?.handler ?? (pod.spec?.runtimeClassName ? undefined : '');
  return handler !== undefined && recursiveReadOnlyMounts.has(handler);
}

/** A container whose mount cannot be what it asks for does not begin, and its status says so elsewhere. */
function recursiveMode(mount: corev1.VolumeMount, supported: boolean): 'Disabled' | 'Enabled' {
  try {
    return isRecursivelyReadOnly(mount, supported) ? 'Enabled' : 'Disabled';
  } catch (error) {
    if (error instanceof ContainerConfigError) return 'Disabled';
    throw error;
  }
}
