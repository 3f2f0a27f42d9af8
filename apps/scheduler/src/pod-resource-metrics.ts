import { podAmounts, type corev1 } from '@navarch/api';
import { quantityToMillis } from '@navarch/apimachinery';
import { Gauge, Registry } from 'prom-client';

const labelNames = ['namespace', 'pod', 'node', 'scheduler', 'priority', 'resource', 'unit'] as const;

const units: Readonly<Record<string, string>> = { cpu: 'cores', memory: 'bytes', storage: 'bytes', 'ephemeral-storage': 'bytes' };

function unitOf(resource: string): string {
  if (resource.startsWith('hugepages-')) return 'bytes';
  if (resource.startsWith('attachable-volumes-')) return 'integer';
  return Object.hasOwn(units, resource) ? (units[resource] as string) : '';
}

/** A pod that has ended uses nothing; one without a node has not ended, whatever its phase says. */
const isOver = ({ spec, status }: corev1.Pod): boolean => (spec?.nodeName ?? '') !== '' && (status?.phase === 'Succeeded' || status?.phase === 'Failed');

/**
 * What the pods of the cluster request and may use, a series for each pod and resource: upstream's /metrics/resources
 * (pkg/scheduler/metrics/resources). In a registry of its own, because it is large.
 */
export function podResourceMetrics(pods: () => readonly corev1.Pod[]): Registry {
  const registry = new Registry();
  const gauge = (name: string, kind: 'limits' | 'requests', help: string): Gauge => new Gauge({
    name, help, labelNames, registers: [registry],
    collect() {
      this.reset();
      for (const { metadata, spec = { containers: [] }, ...pod } of pods()) {
        if (isOver({ metadata, spec, ...pod })) continue;
        const { namespace = '', name: podName = '' } = metadata;
        for (const [resource, quantity] of podAmounts({ metadata, spec }, kind)) {
          const value = quantityToMillis(quantity) / 1000;
          if (value !== 0) {
            this.set(
              {
                namespace,
                pod: podName,
                node: spec.nodeName ?? '',
                scheduler: spec.schedulerName ?? '',
                priority: spec.priority === undefined ? '' : String(spec.priority),
                resource,
                unit: unitOf(resource),
              },
              value,
            );
          }
        }
      }
    },
  });
  const expected = 'This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.';
  gauge('kube_pod_resource_request', 'requests', `Resources requested by workloads on the cluster, broken down by pod. ${expected}`);
  gauge('kube_pod_resource_limit', 'limits', `Resources limit for workloads on the cluster, broken down by pod. ${expected}`);
  return registry;
}
