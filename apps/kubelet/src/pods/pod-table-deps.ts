import { type corev1 } from '@navarch/api';
import { type ApiClient, type Informer } from '@navarch/client';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type RuntimePod } from '../runtime/runtime-watcher';
import { type StaticPods } from '../sources/static-pods';
import { type AdmissionCheck } from './pod-admission';
import { type PodWorker } from './pod-worker';
import { type RuntimeView } from './runtime-view';

/** What the table of pods needs of its kubelet. */
export interface PodTableDeps {
  readonly nodeName: string;
  readonly client: ApiClient;
  readonly pods: Informer<corev1.Pod>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly makeWorker: (pod: corev1.Pod, view: RuntimeView | undefined) => PodWorker;
  /** What the runtime has of a pod that ran before this kubelet did. */
  readonly observe: (uid: string) => Promise<RuntimeView>;
  /** Pods the runtime had when it was last listed. */
  readonly runtimePods: () => ReadonlyMap<string, RuntimePod>;
  /** Static pods, which the API shows by mirrors only; undefined where there are none. */
  readonly statics?: Pick<StaticPods, 'has' | 'ready' | 'uidBehind'>;
  /** Decides on a pod that is new here. */
  readonly admit: AdmissionCheck;
  /** Reads anew what the node is to pods: its labels and taints may have changed a moment ago. Resolves in any case. */
  readonly refreshNode: () => Promise<void>;
  /** The runtime has a pod that the API has not. */
  readonly onOrphan?: () => void;
  /** A worker has begun, so long after its pod was first seen. */
  readonly onWorker?: (waitedMs: number) => void;
}
