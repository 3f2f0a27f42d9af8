import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { CheckpointFile } from '../checkpoint-file';
import { errorText } from '../error-text';
import { type Rejection } from '../pods/admit-pod';
import { uidOf } from '../pods/pod-spec';
import { type RuntimeView } from '../pods/runtime-view';
import { type ContainerRuntime } from '../runtime';
import { type HintProvider } from '../topology/hint-provider';
import { type PlacementMetrics } from '../topology/placement-metrics';
import { type ResourceHints, type TopologyHint } from '../topology/topology-hint';
import { cpuCheckpoint, readCpuCheckpoint, type CpuPolicy } from './cpu-checkpoint';
import { formatCpuSet, sameCpus, without, type CpuSet } from './cpu-set';
import { allCpus, type CpuTopology } from './cpu-topology';
import { exclusiveCpus, misalignedReason, StaticCpus, type StaticCpuOptions } from './static-cpus';
import { takeCpus } from './take-cpus';

export interface CpuManagerOptions extends StaticCpuOptions {
  readonly policy: CpuPolicy;
  /** Thousandths of a processor that are kept from pods. */
  readonly reservedMilliCpu: number;
  /** Upstream's --reserved-cpus; empty: the first ones. */
  readonly reservedCpus: CpuSet;
}

export interface CpuManagerDeps {
  readonly rootDir: string;
  readonly runtime: ContainerRuntime;
  readonly log: Logger;
  readonly metrics: Pick<PlacementMetrics, 'cpus' | 'sharedMilliCpu' | 'exclusiveCpus' | 'cpusPerBank' | 'aligned'>;
}

export interface RunningPod {
  readonly pod: corev1.Pod;
  readonly view: RuntimeView;
}

/** Gives containers processors of their own, and keeps all others off them. */
export class CpuManager implements HintProvider {
  readonly #file: CheckpointFile;
  #cpus: StaticCpus | undefined;
  #topology: CpuTopology = { cpus: [], numaNodes: [], sockets: 0, cpusPerCore: 1 };
  /** What containers were last told, by id. */
  readonly #told = new Map<string, CpuSet>();

  constructor(private readonly options: CpuManagerOptions, private readonly deps: CpuManagerDeps) {
    this.#file = new CheckpointFile(join(deps.rootDir, 'cpu_manager_state'), deps.log);
  }

  /** Reads who had what; rejects when it was another policy's, or does not fit the machine. */
  async start(topology: CpuTopology): Promise<void> {
    const { policy } = this.options;
    this.#topology = topology;
    const reserved = policy === 'static' ? this.#reserved(topology) : [];
    const content = await this.#file.read();
    try {
      const saved = content === undefined ? undefined : readCpuCheckpoint(content, policy);
      if (policy === 'static') this.#cpus = new StaticCpus(topology, reserved, this.options, saved);
    } catch (error) {
      throw new Error(
        `could not restore state from checkpoint: ${errorText(error)}, please drain this node and delete the CPU manager checkpoint file ${JSON.stringify(this.#file.path)} before restarting Kubelet`,
        { cause: error },
      );
    }
    this.#save();
  }

  async stop(): Promise<void> {
    await this.#file.flush();
  }

  hints(pod: corev1.Pod, container: corev1.Container): ResourceHints {
    return asHints(this.#cpus?.hints(pod, container));
  }

  podHints(pod: corev1.Pod): ResourceHints {
    return asHints(this.#cpus?.podHints(pod));
  }

  allocate(pod: corev1.Pod, container: corev1.Container, hint: TopologyHint): Rejection | undefined {
    const { requests, errors } = this.deps.metrics.cpus;
    const isNew = this.#cpus !== undefined && exclusiveCpus(pod, container) > 0 && !this.isExclusive(uidOf(pod), container.name);
    const rejection = this.#cpus?.allocate(pod, container, hint);
    if (isNew) requests.inc();
    if (isNew && rejection) errors.inc();
    if (isNew) this.#countAlignment(uidOf(pod), container.name, rejection);
    if (this.#cpus && !rejection) this.#save();
    return rejection;
  }

  forgetPod(uid: string): void {
    if (this.#cpus?.release(uid) === true) this.#save();
  }

  /** Takes back what pods had that are not here any more. */
  forgetAllBut(isWanted: (uid: string) => boolean): void {
    for (const uid of this.#cpus?.pods ?? []) if (!isWanted(uid)) this.forgetPod(uid);
  }

  /** Where a container runs: empty where nobody says. */
  cpusetOf(uid: string, container: string): string {
    return formatCpuSet(this.#cpusOf(uid, container));
  }

  /** Processors that a container has for itself; none for one that shares. */
  ownCpusOf(uid: string, container: string): CpuSet {
    return this.#cpus?.exclusive(uid, container) ?? [];
  }

  /** What containers could have for themselves; none where all share. */
  get allocatable(): CpuSet {
    return this.#cpus?.allocatable ?? [];
  }

  /** A container with processors of its own needs no quota: it would only slow it down. */
  isExclusive(uid: string, container: string): boolean {
    return this.#cpus?.exclusive(uid, container) !== undefined;
  }

  hasExclusive(pod: corev1.Pod): boolean {
    return (this.#cpus?.assignments.exclusive.get(uidOf(pod))?.size ?? 0) > 0;
  }

  /** Tells running containers where they may run, where that has changed: those that share move away from who does not. */
  async reconcile(pods: readonly RunningPod[]): Promise<void> {
    if (!this.#cpus) return;
    const running = pods.flatMap(({ pod, view }) => view.containers.filter(({ state }) => state === 'running').map(({ id, name }) => ({ id, name, uid: uidOf(pod) })));
    const ids = new Set(running.map(({ id }) => id));
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id);
    for (const { id, name, uid } of running) {
      const cpus = this.#cpusOf(uid, name);
      const told = this.#told.get(id);
      if (told && sameCpus(told, cpus)) continue;
      try {
        await this.deps.runtime.updateContainerResources(id, runtimev1.LinuxContainerResources.fromPartial({ cpusetCpus: formatCpuSet(cpus) }));
        this.#told.set(id, cpus);
      } catch (error) {
        this.deps.log.warn({ err: error, containerId: id }, 'a container could not be told where to run');
      }
    }
  }

  #countAlignment(uid: string, container: string, rejection: Rejection | undefined): void {
    const { metrics } = this.deps;
    const { fullCores, byCache } = this.options;
    if (fullCores && (!rejection || rejection.reason === misalignedReason)) metrics.aligned('container', 'physical_cpu', !rejection);
    const own = new Set(this.ownCpusOf(uid, container));
    const caches = new Set(this.#topology.cpus.filter(({ id }) => own.has(id)).map(({ cache }) => cache));
    // That is wanted where it can be had, and nothing fails without it.
    if (byCache && !rejection && caches.size === 1) metrics.aligned('container', 'uncore_cache', true);
  }

  #cpusOf(uid: string, container: string): CpuSet {
    return this.#cpus?.exclusive(uid, container) ?? this.#cpus?.assignments.shared ?? [];
  }

  #reserved(topology: CpuTopology): CpuSet {
    const { reservedMilliCpu, reservedCpus } = this.options;
    const all = allCpus(topology);
    const missing = without(reservedCpus, all);
    if (missing.length > 0) throw new Error(`--reserved-cpus: there is no processor ${formatCpuSet(missing)}`);
    // The agents that a node cannot do without must have somewhere to run.
    if (reservedMilliCpu <= 0 && reservedCpus.length === 0) throw new Error('the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero');
    return reservedCpus.length > 0 ? reservedCpus : takeCpus(topology, all, Math.ceil(reservedMilliCpu / 1000));
  }

  #save(): void {
    const { shared, exclusive } = this.#cpus?.assignments ?? { shared: [], exclusive: new Map<string, Map<string, CpuSet>>() };
    this.deps.metrics.sharedMilliCpu.set(shared.length * 1000);
    const given = [...exclusive.values()].flatMap((containers) => [...containers.values()]).flat();
    this.deps.metrics.exclusiveCpus.set(given.length);
    for (const bank of this.#topology.numaNodes) {
      this.deps.metrics.cpusPerBank.set(
        { numa_node: String(bank) },
        given.filter((id) => this.#topology.cpus.some((cpu) => cpu.id === id && cpu.numa === bank)).length,
      );
    }
    this.#file.save(() => cpuCheckpoint(this.options.policy, this.#cpus?.assignments ?? { shared: [], exclusive: new Map() }));
  }
}

function asHints(hints: readonly TopologyHint[] | undefined): ResourceHints {
  return hints === undefined ? new Map() : new Map([['cpu', hints]]);
}
