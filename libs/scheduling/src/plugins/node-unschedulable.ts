import type { corev1 } from '@navarch/api';
import { refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import { tolerates } from './tolerations';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const refused = refusal('node(s) were unschedulable', true);

/** A node that was cordoned and is not any more, or is new and is not. */
const isSchedulable: QueueingHint = (_pod, { before, after }) => {
  const isCordoned = (node: corev1.Node | undefined): boolean => node?.spec?.unschedulable === true;
  return !isCordoned(after) && (before === undefined || isCordoned(before));
};

/** Cordoned nodes take no pods, except those that tolerate it. */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  hints: { NodeAdd: isSchedulable, NodeUpdateNodeTaint: isSchedulable, PodUpdatePodToleration: ({ spec }) => tolerates(spec.tolerations, taint) },
  sign: ({ spec }) => [spec.tolerations],
  preFilter: (pod, state) => {
    if (state.counts.unschedulable === 0 || tolerates(pod.spec.tolerations, taint)) return undefined;
    return (node) => (node.unschedulable ? refused : undefined);
  },
};
