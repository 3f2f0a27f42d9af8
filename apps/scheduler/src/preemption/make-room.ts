import { askNode, type ClusterState, type Diagnosis, type PodInfo, type PointStatus, type PostFilterResult, type Profile } from '@navarch/scheduling';
import type { SchedulerMetrics } from '../scheduler-metrics';
import type { Preemptor } from './preemptor';

/** What PostFilter came to. */
export interface RoomSearch extends PostFilterResult {
  /** By the plug-ins before the one that found room. */
  readonly said: readonly string[];
}

export interface RoomTools {
  readonly state: ClusterState;
  readonly preemptor: Pick<Preemptor, 'holdsBack'>;
  readonly metrics: Pick<SchedulerMetrics, 'point' | 'preemptionTried'>;
  readonly random: () => number;
}

/** PostFilter: the first plug-in that finds room has its way. */
export function makeRoom(pod: PodInfo, profile: Profile, diagnosis: Diagnosis, { state, preemptor, metrics, random }: RoomTools): RoomSearch {
  if (preemptor.holdsBack(pod.uid)) return { message: '', said: [], underWay: true };
  if (diagnosis.nodes === 0) return { message: '', said: [], clearNomination: true };
  const started = performance.now();
  const messages: string[] = [];
  // Where nobody makes room, a node that does not take the pod is of no use to it.
  let clearNomination = profile.postFilter.length === 0;
  let release: PostFilterResult['release'];
  let remove: PostFilterResult['remove'];
  let underWay: PostFilterResult['underWay'];
  const tell = (status: PointStatus): void => metrics.point(profile.schedulerName, 'PostFilter', performance.now() - started, status);
  for (const plugin of profile.postFilter) {
    if (plugin.name === 'DefaultPreemption') metrics.preemptionTried();
    const result = plugin.postFilter?.(pod, state, { diagnosis, ask: (node) => askNode(pod, state, profile, node), random });
    if (result?.nominated !== undefined) {
      tell('Success');
      return { ...result, said: messages };
    }
    if (result?.message !== undefined && result.message !== '') messages.push(result.message);
    clearNomination ||= result?.clearNomination === true;
    release ??= result?.release;
    remove ??= result?.remove;
    underWay ??= result?.underWay;
  }
  tell('Unschedulable');
  return {
    message: messages.join(', '),
    said: messages,
    clearNomination,
    ...(release === undefined ? {} : { release }),
    ...(remove === undefined ? {} : { remove }),
    ...(underWay === undefined ? {} : { underWay }),
  };
}
