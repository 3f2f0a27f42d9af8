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
  readonly cpusPerBank: Gauge<'numa_node'>;
  readonly #aligned: Counter<'scope' | 'boundary'>;
  readonly #misaligned: Counter<'scope' | 'boundary'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string): Counter => new Counter({ name: `kubelet_${name}`, help, registers });
    const pinning = (what: 'cpu' | 'memory', noun: string): Pinning => ({
      requests: counter(`${what}_manager_pinning_requests_total`, `The number of ${noun} allocations which required pinning.`),
      errors: counter(`${what}_manager_pinning_errors_total`, `The number of ${noun} allocations which required pinning failed.`),
    });
    this.cpus = pinning('cpu', 'cpu core');
    this.memory = pinning('memory', 'memory pages');
    this.admissions = counter('topology_manager_admission_requests_total', 'The number of admission requests where resources have to be aligned.');
    this.admissionErrors = counter('topology_manager_admission_errors_total', 'The number of admission request failures where resources could not be aligned.');
    this.admissionMs = new Histogram({
      name: 'kubelet_topology_manager_admission_duration_ms',
      help: 'Duration in milliseconds to serve a pod admission request.',
      buckets: exponentialBuckets(0.05, 2, 15),
      registers,
    });
    this.sharedMilliCpu = new Gauge({ name: 'kubelet_cpu_manager_shared_pool_size_millicores', help: 'The size of the shared CPU pool for non-guaranteed QoS pods, in millicores.', registers });
    this.cpusPerBank = new Gauge({ name: 'kubelet_cpu_manager_allocation_per_numa', help: 'Number of CPUs allocated per NUMA node', labelNames: ['numa_node'], registers });
    this.#aligned = new Counter({
      name: 'kubelet_container_aligned_compute_resources_count',
      help: 'Cumulative number of aligned compute resources allocated to containers by alignment type.',
      labelNames: ['scope', 'boundary'],
      registers,
    });
    this.#misaligned = new Counter({
      name: 'kubelet_container_aligned_compute_resources_failure_count',
      help: 'Cumulative number of failures to allocate aligned compute resources to containers by alignment type.',
      labelNames: ['scope', 'boundary'],
      registers,
    });
    this.exclusiveCpus = new Gauge({
      name: 'kubelet_cpu_manager_exclusive_cpu_allocation_count',
      help: 'The total number of CPUs exclusively allocated to containers running on this node',
      registers,
    });
  }

  /** Something has got what it asked for from within such a boundary, or could not; told where its node promises that. */
  aligned(scope: 'container' | 'pod', boundary: AlignmentBoundary, done: boolean): void {
    (done ? this.#aligned : this.#misaligned).inc({ scope, boundary });
  }
}

/** Within what something is kept together, in upstream's words. */
export type AlignmentBoundary = 'numa_node' | 'physical_cpu' | 'uncore_cache';

export interface Pinning {
  readonly requests: Counter;
  readonly errors: Counter;
}
