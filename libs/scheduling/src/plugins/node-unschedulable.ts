import { refusal, type SchedulerPlugin } from '../framework';
import { tolerates } from './tolerations';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const refused = refusal('node(s) were unschedulable', true);

/** Cordoned nodes take no pods, except those that tolerate it. */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  events: ['NodeAdd', 'NodeUpdate'],
  prepareFilter: (pod) => {
    if (tolerates(pod.spec.tolerations, taint)) return undefined;
    return (node) => (node.node.spec?.unschedulable === true ? refused : undefined);
  },
};
