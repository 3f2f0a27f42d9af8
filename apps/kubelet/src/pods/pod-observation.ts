import { type corev1 } from '@navarch/api';
import { type ContainerView, type RuntimeView } from './runtime-view';

export type ProbeResult = 'success' | 'failure';

/** The last settled results of a container's probes; unset before the first. */
export interface ProbeResults {
  readonly startup?: ProbeResult;
  readonly readiness?: ProbeResult;
  readonly liveness?: ProbeResult;
}

/** Why and how fast a pod is being stopped. */
export interface Termination {
  /** `finished`: all its containers are done. `failed`: the kubelet gave it up. `removed`: it is gone from the API. */
  readonly cause: 'deleted' | 'finished' | 'failed' | 'removed';
  readonly graceSeconds: number;
  readonly startedAtMs: number;
  /** For `failed`: what its status says. */
  readonly reason?: string;
  readonly message?: string;
  /** The kubelet ends it for the node's sake: its DisruptionTarget condition says so, with this message. */
  readonly disruption?: string;
}

/** Everything a decision about a pod depends on. */
export interface PodObservation {
  readonly pod: corev1.Pod;
  readonly runtime: RuntimeView;
  readonly nowMs: number;
  /** Keys of the actions now being carried out. */
  readonly inFlight: ReadonlySet<string>;
  /** After a failure: before when not to try an action again, by key. */
  readonly retryAtMs: ReadonlyMap<string, number>;
  readonly volumesReady: boolean;
  /** Names of containers whose image is there for their next start. */
  readonly imagesReady: ReadonlySet<string>;
  readonly probes: (containerId: string) => ProbeResults;
  /** Until when a container that has ended waits before its next start; 0 if it need not. */
  readonly crashWait: (container: corev1.Container, ended: ContainerView) => { readonly untilMs: number; readonly delayMs: number };
  /** How many containers of a name there have been of which the runtime has nothing left. */
  readonly startsBefore: (container: string) => number;
  /** What a container's spec hashes to now. */
  readonly hashOf: (container: corev1.Container) => string;
  /** What a running container was given, what it has of its pod included; undefined if that is not known. */
  readonly applied: (containerId: string) => corev1.ResourceRequirements | undefined;
  /** Whether the pod's own group has what is set aside for the pod as a whole. */
  readonly podHasItsOwn: boolean;
  /** Whether that group may be wider than it must be, though nothing says so. */
  readonly podMayBeWide: boolean;
  /** Ids of containers that were ended to be made anew. */
  readonly remade: ReadonlySet<string>;
  readonly termination?: Termination;
}
