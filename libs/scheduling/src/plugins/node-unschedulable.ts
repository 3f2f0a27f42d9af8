import type { corev1 } from '@navarch/api';
import { always, refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import { tolerates } from './tolerations';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const refused = refusal('node(s) were unschedulable', true);

const isSchedulable: QueueingHint = (_pod, { after }) => {
  const node: corev1.Node | undefined = after;
  return node?.spec?.unschedulable !== true;
};

/** Cordoned nodes take no pods, except those that tolerate it. */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  hints: { NodeAdd: isSchedulable, NodeUpdateNodeTaint: isSchedulable, PodUpdatePodToleration: always },
  sign: ({ spec }) => [spec.tolerations],
  preFilter: (pod, state) => {
    if (state.counts.unschedulable === 0 || tolerates(pod.spec.tolerations, taint)) return undefined;
    return (node) => (node.unschedulable ? refused : undefined);
  },
};
