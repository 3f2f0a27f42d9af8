import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type EventSink } from '../events/event-sink';
import { type PodProbes } from '../probes/pod-probes';
import { type PodExecutor } from './pod-executor';
import { type PendingResize } from './resize';
import { type ResizeMetrics, type ResizeTrigger } from './resize-metrics';
import { type StartMetrics } from './start-metrics';
import { type RuntimeView } from './runtime-view';
import { type SyncType } from './sync-rounds';

/** What a pod's worker needs of its kubelet. */
export interface PodWorkerDeps {
  readonly executor: PodExecutor;
  readonly probes: (onChange: () => void) => PodProbes;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StartMetrics & { readonly resizes: ResizeMetrics };
  /** Asks the runtime for everything of the pod. */
  readonly observe: (uid: string, known: RuntimeView) => Promise<RuntimeView>;
  /** Why there is no room for what a pod now asks for; undefined when there is. */
  readonly room: (pod: corev1.Pod) => PendingResize | undefined;
  /** The longest wait before a container that crashes starts again; five minutes where it is not said. */
  readonly maxRestartWaitMs?: number;
  /** A resize is asked for, or one that is done may have left room: has those that wait looked at, in their order, this one among them. */
  readonly onResize: (trigger: ResizeTrigger) => void;
  readonly hostIPs: () => readonly string[];
  /** The scheme of container ids. */
  readonly runtimeName: string;
  /** Handlers of the runtime, by name, that can make whole trees read-only. */
  readonly recursiveReadOnlyMounts: () => ReadonlySet<string>;
  /** How what a container has to itself is: devices, and what its claims got. */
  readonly resourceHealth: (pod: corev1.Pod, container: corev1.Container) => corev1.ResourceStatus[];
  /** Told of each new status. */
  readonly onStatus: (pod: corev1.Pod, status: corev1.PodStatus) => void;
  /** Nothing of a deleted pod is left here: takes it out of the API. Rejects to be called again. */
  readonly onStopped: (pod: corev1.Pod, status: corev1.PodStatus) => Promise<void>;
  /** Nothing of the pod runs any more, and all it held is free. */
  readonly onEnded: (uid: string) => void;
  /** The worker has nothing more to do. */
  readonly onDone: (uid: string) => void;
  /** A sync of the pod has ended. */
  readonly onSync?: (type: SyncType, seconds: number) => void;
  /** Something that must not fail did. */
  readonly onCrash: (error: unknown) => void;
}
