import { normalizeToMax, refusal, type SchedulerPlugin } from '../framework';
import { tolerates } from './tolerations';

/** Taints keep pods away (NoSchedule, NoExecute), or make a node less liked (PreferNoSchedule). */
export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  events: ['NodeAdd', 'NodeUpdate'],
  prepareFilter: (pod) => (node) => {
    const taint = node.taints.find((candidate) => (candidate.effect === 'NoSchedule' || candidate.effect === 'NoExecute') && !tolerates(pod.spec.tolerations, candidate));
    return taint && refusal(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`, true);
  },
  prepareScore: (pod, _state, nodes) => {
    if (!nodes.some((node) => node.taints.some((taint) => taint.effect === 'PreferNoSchedule'))) return undefined;
    const tolerations = pod.spec.tolerations?.filter((toleration) => (toleration.effect ?? '') === '' || toleration.effect === 'PreferNoSchedule');
    return {
      score: (node) => node.taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(tolerations, taint)).length,
      normalize: (scores) => normalizeToMax(scores, true),
    };
  },
};
