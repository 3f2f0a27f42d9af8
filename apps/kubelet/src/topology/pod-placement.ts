import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { CpuManager, type CpuManagerOptions, type RunningPod } from '../cpus/cpu-manager';
import { type CpuSet } from '../cpus/cpu-set';
import { inspectCpus } from '../cpus/cpu-topology';
import { MemoryManager, type MemoryManagerOptions } from '../memory/memory-manager';
import { type MemoryBlock } from '../memory/memory-table';
import { inspectNumaMemory } from '../memory/numa-memory';
import { type Machine } from '../node/machine';
import { type Rejection } from '../pods/admit-pod';
import { allContainersOf, findContainer, uidOf } from '../pods/pod-spec';
import { qosClass } from '../pods/qos-class';
import { type PendingResize } from '../pods/resize';
import { sameQuantity } from '../quantities';
import { type ContainerRuntime } from '../runtime';
import { type HintProvider } from './hint-provider';
import { inspectNumaDistances } from './numa-distances';
import { type PlacementMetrics } from './placement-metrics';
import { type NumaDistances } from './topology-hint';
import { topologyAffinityError, TopologyManager, type TopologyOptions } from './topology-manager';

export interface PlacementOptions {
  readonly cpus: CpuManagerOptions;
  readonly memory: MemoryManagerOptions;
  readonly topology: TopologyOptions;
}

export interface PodPlacementDeps {
  readonly rootDir: string;
  readonly runtime: ContainerRuntime;
  readonly log: Logger;
  readonly devices: HintProvider;
  readonly metrics: PlacementMetrics;
}

/** A part of the machine. */
export interface HeldResources {
  readonly cpus: CpuSet;
  readonly memory: readonly MemoryBlock[];
}

/** Which parts of the machine belong to which container: processors, memory banks, and with them devices. */
export class PodPlacement {
  readonly #cpus: CpuManager;
  readonly #memory: MemoryManager;
  readonly #topology: TopologyManager;
  #distances: NumaDistances = new Map();

  constructor(private readonly options: PlacementOptions, private readonly deps: PodPlacementDeps) {
    this.#cpus = new CpuManager(options.cpus, deps);
    this.#memory = new MemoryManager(options.memory, { ...deps, metrics: deps.metrics.memory });
    this.#topology = new TopologyManager(options.topology, () => this.#distances, [this.#cpus, this.#memory, deps.devices], deps.metrics);
  }

  /** Memory banks of the machine; none before it was looked at. */
  get numaNodes(): readonly number[] {
    return [...this.#distances.keys()];
  }

  /** Looks at the machine and at what was given away before; rejects where they do not fit. */
  async start(machine: Machine): Promise<void> {
    const cpus = await inspectCpus();
    const banks = await inspectNumaMemory(machine.memoryBytes);
    this.#distances = await inspectNumaDistances([...banks.keys()].sort((a, b) => a - b));
    const { policy, maxNumaNodes } = this.options.topology;
    if (policy !== 'none' && this.#distances.size > maxNumaNodes) {
      throw new Error(`unsupported on machines with more than ${maxNumaNodes} NUMA Nodes`);
    }
    await this.#cpus.start(cpus);
    await this.#memory.start(banks);
  }

  async stop(): Promise<void> {
    await this.#cpus.stop();
    await this.#memory.stop();
  }

  /** Sets aside what a new pod is promised; says why it cannot. */
  admit(pod: corev1.Pod): Rejection | undefined {
    const { metrics } = this.deps;
    metrics.admissions.inc();
    const startedMs = performance.now();
    const rejection = this.#topology.admit(pod);
    metrics.admissionMs.observe(performance.now() - startedMs);
    if (rejection?.reason === topologyAffinityError) metrics.admissionErrors.inc();
    return rejection;
  }

  /** A container's resources, and where on the machine it gets them. */
  place(pod: corev1.Pod, container: corev1.Container, resources: runtimev1.LinuxContainerResources): runtimev1.LinuxContainerResources {
    const uid = uidOf(pod);
    return {
      ...resources, cpusetCpus: this.#cpus.cpusetOf(uid, container.name), cpusetMems: this.#memory.banksOf(uid, container.name),
      ...(this.#cpus.isExclusive(uid, container.name) ? { cpuQuota: -1n } : {}),
    };
  }

  /** Processors and memory that a container has to itself. */
  heldBy(uid: string, container: string): HeldResources {
    return { cpus: this.#cpus.ownCpusOf(uid, container), memory: this.#memory.blocksOf(uid, container) };
  }

  /** What containers could have to themselves, given away or not. */
  get allocatable(): HeldResources {
    return { cpus: this.#cpus.allocatable, memory: this.#memory.allocatable };
  }

  /** Whether processors are a pod's own, so that no quota is to hold it back. */
  hasOwnCpus(pod: corev1.Pod): boolean {
    return this.#cpus.hasExclusive(pod);
  }

  /** What has been promised for good cannot change its size. `held`: with what is set aside for it. */
  refuseResize(wanted: corev1.Pod, held: corev1.Pod): PendingResize | undefined {
    if (qosClass(wanted) !== 'Guaranteed') return undefined;
    const changes = (resource: string): boolean =>
      allContainersOf(wanted).some(
        ({ name, resources }) => !sameQuantity(resources?.requests?.[resource] ?? '0', findContainer(held, name)?.resources?.requests?.[resource] ?? '0'),
      );
    if (this.options.cpus.policy === 'static' && changes('cpu')) {
      return {
        reason: 'Infeasible',
        message: 'Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"',
        detail: 'guaranteed_pod_cpu_manager_static_policy',
      };
    }
    if (this.options.memory.policy === 'Static' && changes('memory')) {
      return {
        reason: 'Infeasible',
        message: 'Resize is infeasible for Guaranteed Pods alongside Memory Manager policy "Static"',
        detail: 'guaranteed_pod_memory_manager_static_policy',
      };
    }
    return undefined;
  }

  reconcile(pods: readonly RunningPod[]): Promise<void> {
    return this.#cpus.reconcile(pods);
  }

  forgetPod(uid: string): void {
    this.#cpus.forgetPod(uid);
    this.#memory.forgetPod(uid);
  }

  /** Takes back what pods had that are not here any more. */
  forgetAllBut(isWanted: (uid: string) => boolean): void {
    this.#cpus.forgetAllBut(isWanted);
    this.#memory.forgetAllBut(isWanted);
  }
}
