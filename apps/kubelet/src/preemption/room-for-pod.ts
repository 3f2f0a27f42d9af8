import { type corev1 } from '@navarch/api';
import { type EventSink } from '../events/event-sink';
import { type KubeletMetrics } from '../kubelet-metrics';
import { admitPod, shortfalls } from '../pods/admit-pod';
import { isCritical } from '../pods/critical-pod';
import { type Verdict } from '../pods/pod-admission';
import { uidOf } from '../pods/pod-spec';
import { type PodWorker } from '../pods/pod-worker';
import { chooseVictims } from './choose-victims';

export interface RoomForPodDeps {
  readonly allocatable: () => Readonly<Record<string, string>>;
  /** Why a pod may not be here, whatever room there is. */
  readonly otherReasons: (pod: corev1.Pod, others: readonly corev1.Pod[]) => Verdict;
  readonly events: Pick<EventSink, 'pod'>;
  readonly metrics: Pick<KubeletMetrics, 'preemptions'>;
  readonly worker: (uid: string) => Pick<PodWorker, 'disrupt'> | undefined;
}

const message = 'Preempted in order to admit critical pod';

/**
 * Whether there is room for a pod. For a critical one room is made, if nothing but room is missing: others end before
 * it begins. Upstream's CriticalPodAdmissionHandler.
 */
export function roomForPod(deps: RoomForPodDeps): (pod: corev1.Pod, others: readonly corev1.Pod[]) => Verdict {
  return (pod, others) => {
    const missing = shortfalls(pod, others, deps.allocatable());
    const [first] = missing;
    if (!first) return deps.otherReasons(pod, others);
    if (!isCritical(pod)) return admitPod(pod, others, deps.allocatable());
    const otherwise = deps.otherReasons(pod, others);
    if (otherwise) return otherwise;
    const victims = chooseVictims(pod, others, missing);
    if ('error' in victims) {
      return {
        reason: 'UnexpectedAdmissionError',
        message: `Pod was rejected: Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: ${victims.error}`,
      };
    }
    for (const victim of victims.pods) {
      deps.events.pod(victim, 'Warning', 'Preempting', message);
      deps.worker(uidOf(victim))?.disrupt('Preempting', message, 'Pod was preempted by Kubelet to accommodate a critical pod.');
      deps.metrics.preemptions.inc({ preemption_signal: first.resource });
    }
    return { after: victims.pods.map(uidOf) };
  };
}
