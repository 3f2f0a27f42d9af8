import type { corev1 } from '@navarch/api';
import { always, refusal, type SchedulerPlugin } from '../framework';
import { tolerates } from './tolerations';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const refused = refusal('node(s) were unschedulable', true);

/** Cordoned nodes take no pods, except those that tolerate it. */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  hints: {
    NodeAdd: (_pod, { after }) => (after as corev1.Node | undefined)?.spec?.unschedulable !== true,
    NodeUpdateNodeTaint: (_pod, { after }) => (after as corev1.Node | undefined)?.spec?.unschedulable !== true,
    PodUpdatePodToleration: always,
  },
  sign: ({ spec }) => [spec.tolerations],
  preFilter: (pod, state) => {
    if (state.counts.unschedulable === 0 || tolerates(pod.spec.tolerations, taint)) return undefined;
    return (node) => (node.unschedulable ? refused : undefined);
  },
};
