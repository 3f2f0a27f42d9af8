import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { PodResourcesMetrics } from './pod-resources/pod-resources-metrics';

/** The kubelet's metrics, by upstream's names. */
export function createKubeletMetrics(registry: Registry) {
  const registers = [registry];
  return {
    podStartSeconds: new Histogram({
      name: 'kubelet_pod_start_duration_seconds', help: 'From the first sight of a pod to its first running container.',
      buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 3, 5, 10, 30, 60, 300], registers,
    }),
    runningPods: new Gauge({ name: 'kubelet_running_pods', help: 'Pods with a running sandbox.', registers }),
    runningContainers: new Gauge({ name: 'kubelet_running_containers', help: 'Containers by state.', labelNames: ['container_state'], registers }),
    relistSeconds: new Histogram({ name: 'kubelet_pleg_relist_duration_seconds', help: 'How long listing the runtime took.', buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], registers }),
    runtimeOperations: new Counter({ name: 'kubelet_runtime_operations_total', help: 'Calls of the runtime.', labelNames: ['operation_type'], registers }),
    runtimeErrors: new Counter({ name: 'kubelet_runtime_operations_errors_total', help: 'Calls of the runtime that failed.', labelNames: ['operation_type'], registers }),
    runtimeSeconds: new Histogram({ name: 'kubelet_runtime_operations_duration_seconds', help: 'How long calls of the runtime took.', labelNames: ['operation_type'], buckets: [0.005, 0.0125, 0.03125, 0.078125, 0.1953125, 0.48828125, 1.220703125, 3.0517578125, 7.62939453125, 19.073486328125], registers }),
    evictions: new Counter({ name: 'kubelet_evictions', help: 'Cumulative number of pod evictions by eviction signal', labelNames: ['eviction_signal'], registers }),
    preemptions: new Counter({ name: 'kubelet_preemptions', help: 'Cumulative number of pod preemptions by preemption resource', labelNames: ['preemption_signal'], registers }),
    podResources: new PodResourcesMetrics(registry),
    nodeName: new Gauge({ name: 'kubelet_node_name', help: 'The name of the node: constantly 1.', labelNames: ['node'], registers }),
  };
}

export type KubeletMetrics = ReturnType<typeof createKubeletMetrics>;
