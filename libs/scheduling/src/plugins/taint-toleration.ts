import type { corev1 } from '@navarch/api';
import { always, normalizeToMax, refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { NodeInfo } from '../state/node-info';
import { tolerates } from './tolerations';

const refused = refusal('node(s) had untolerated taint(s)', true);

/** A node that keeps the pod away no longer, or is new and does not. */
const isTolerated: QueueingHint = ({ spec: { tolerations } }, { before, after }) => {
  const allTolerated = (node: corev1.Node | undefined): boolean => (node?.spec?.taints ?? []).every((taint) => taint.effect === 'PreferNoSchedule' || tolerates(tolerations, taint));
  return allTolerated(after) && (before === undefined || !allTolerated(before));
};

/** Taints keep pods away (NoSchedule, NoExecute), or make a node less liked (PreferNoSchedule). */
export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  hints: { NodeAdd: isTolerated, NodeUpdateNodeTaint: isTolerated, PodUpdatePodToleration: always },
  sign: ({ spec }) => [spec.tolerations],
  preFilter: ({ spec: { tolerations } }, state) => {
    if (state.counts.hardTaints === 0) return undefined;
    return ({ hardTaints }: NodeInfo) => {
      if (hardTaints.length === 0) return undefined;
      return hardTaints.every((taint) => tolerates(tolerations, taint)) ? undefined : refused;
    };
  },
  preScore: (pod, state, nodes) => {
    if (state.counts.softTaints === 0 || !nodes.some(({ softTaints }) => softTaints.length > 0)) return undefined;
    const tolerations = pod.spec.tolerations?.filter((toleration) => (toleration.effect ?? '') === '' || toleration.effect === 'PreferNoSchedule');
    return {
      score: ({ softTaints }) => softTaints.filter((taint) => !tolerates(tolerations, taint)).length,
      normalize: (scores) => normalizeToMax(scores, true),
    };
  },
};
