import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';

/** Of what containers have to themselves, by upstream's names: the processor, memory and topology managers. */
export class PlacementMetrics {
  readonly cpus: Pinning;
  readonly memory: Pinning;
  readonly admissions: Counter;
  readonly admissionErrors: Counter;
  readonly admissionMs: Histogram;
  readonly sharedMilliCpu: Gauge;
  readonly exclusiveCpus: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string): Counter => new Counter({ name: `kubelet_${name}`, help, registers });
    const pinning = (what: 'cpu' | 'memory', noun: string): Pinning => ({
      requests: counter(`${what}_manager_pinning_requests_total`, `The number of ${noun} allocations which required pinning.`), errors: counter(`${what}_manager_pinning_errors_total`, `The number of ${noun} allocations which required pinning failed.`),
    });
    this.cpus = pinning('cpu', 'cpu core');
    this.memory = pinning('memory', 'memory pages');
    this.admissions = counter('topology_manager_admission_requests_total', 'The number of admission requests where resources have to be aligned.');
    this.admissionErrors = counter('topology_manager_admission_errors_total', 'The number of admission request failures where resources could not be aligned.');
    this.admissionMs = new Histogram({ name: 'kubelet_topology_manager_admission_duration_ms', help: 'Duration in milliseconds to serve a pod admission request.', buckets: exponentialBuckets(0.05, 2, 15), registers });
    this.sharedMilliCpu = new Gauge({ name: 'kubelet_cpu_manager_shared_pool_size_millicores', help: 'The size of the shared CPU pool for non-guaranteed QoS pods, in millicores.', registers });
    this.exclusiveCpus = new Gauge({ name: 'kubelet_cpu_manager_exclusive_cpu_allocation_count', help: 'The total number of CPUs exclusively allocated to containers running on this node', registers });
  }
}

export interface Pinning {
  readonly requests: Counter;
  readonly errors: Counter;
}
