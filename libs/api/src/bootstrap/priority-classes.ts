import type { schedulingv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';

const descriptions: Readonly<Record<string, string>> = {
  'system-cluster-critical': 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  'system-node-critical': 'Used for system critical pods that must not be moved from their current node.',
};

/** The two classes reserved for the system. */
export function bootstrapPriorityClasses(): schedulingv1.PriorityClass[] {
  return bootstrapTable().priorityclasses.map(({ name, value }) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    description: descriptions[name] ?? '',
    preemptionPolicy: 'PreemptLowerPriority',
  }));
}
