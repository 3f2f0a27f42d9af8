import { type corev1 } from '@navarch/api';
import { type Rejection } from '../pods/admit-pod';
import { containersOf, initContainersOf, isSidecar, uidOf } from '../pods/pod-spec';
import { mayHaveItsOwn } from '../pods/pod-resources';
import { milliValue } from '../quantities';
import { unexpected } from '../topology/hint-provider';
import { isIn, type NumaMask } from '../topology/numa-mask';
import { countedHints, type TopologyHint } from '../topology/topology-hint';
import { type CpuAssignments } from './cpu-checkpoint';
import { cpuSet, sameCpus, without, type CpuSet } from './cpu-set';
import { allCpus, type CpuTopology } from './cpu-topology';
import { spreadCpus } from './spread-cpus';
import { NotEnoughCpus, takeCpus, type TakingOptions } from './take-cpus';

export interface StaticCpuOptions extends TakingOptions {
  /** Only whole cores are given away: nobody shares one with a stranger. */
  readonly fullCores: boolean;
  /** What is reserved is not shared by pods either. */
  readonly strictReservation: boolean;
  /** Where one memory bank is not enough, evenly from several. */
  readonly spread: boolean;
  /** Banks of one socket are as near as one bank. */
  readonly bySocket: boolean;
}

/** How many processors a container has for itself: whole ones, of a pod whose containers are guaranteed theirs. */
export function exclusiveCpus(pod: corev1.Pod, container: corev1.Container): number {
  const milliCpu = milliValue(container.resources?.requests?.['cpu'] ?? container.resources?.limits?.['cpu']);
  return mayHaveItsOwn(pod) && milliCpu % 1000 === 0 ? milliCpu / 1000 : 0;
}

/** The static policy's book: which processors are shared and which a container has for itself. */
export class StaticCpus {
  #shared: CpuSet;
  readonly #exclusive: Map<string, Map<string, CpuSet>>;

  /** Throws an Error when what was written down does not fit the machine any more. */
  constructor(private readonly topology: CpuTopology, private readonly reserved: CpuSet, private readonly options: StaticCpuOptions, saved?: CpuAssignments) {
    if (options.bySocket && topology.sockets > topology.numaNodes.length) throw new Error('Align by socket is not compatible with hardware where number of sockets are more than number of NUMA');
    const all = allCpus(topology);
    this.#exclusive = new Map([...saved?.exclusive ?? []].map(([uid, containers]) => [uid, new Map(containers)]));
    this.#shared = saved?.shared ?? (options.strictReservation ? without(all, reserved) : all);
    if (saved) this.#validate(saved, all);
  }

  get assignments(): CpuAssignments {
    return { shared: this.#shared, exclusive: this.#exclusive };
  }

  get pods(): string[] {
    return [...this.#exclusive.keys()];
  }

  /** What containers could have for themselves, given away or not. */
  get allocatable(): CpuSet {
    return without(allCpus(this.topology), this.reserved);
  }

  /** What a container has for itself; undefined for one that shares. */
  exclusive(uid: string, container: string): CpuSet | undefined {
    return this.#exclusive.get(uid)?.get(container);
  }

  hints(pod: corev1.Pod, container: corev1.Container): readonly TopologyHint[] | undefined {
    const needed = exclusiveCpus(pod, container);
    if (needed === 0) return undefined;
    const given = this.exclusive(uidOf(pod), container.name);
    if (given) return given.length === needed ? this.#hintsFrom(given, needed) : [];
    return this.#hintsFrom([...this.#free, ...this.#leftByInit(pod, container)], needed);
  }

  podHints(pod: corev1.Pod): readonly TopologyHint[] | undefined {
    const of = (container: corev1.Container): number => exclusiveCpus(pod, container);
    const running = [...containersOf(pod), ...initContainersOf(pod).filter(isSidecar)].reduce((sum, container) => sum + of(container), 0);
    const needed = Math.max(running, ...initContainersOf(pod).map(of));
    return needed === 0 ? undefined : this.#hintsFrom(this.#free, needed);
  }

  /** Gives a container its processors, once; says why it cannot. */
  allocate(pod: corev1.Pod, container: corev1.Container, { affinity }: Pick<TopologyHint, 'affinity'>): Rejection | undefined {
    const needed = exclusiveCpus(pod, container);
    if (needed === 0 || this.exclusive(uidOf(pod), container.name)) return undefined;
    const { cpusPerCore } = this.topology;
    const reusable = this.#leftByInit(pod, container);
    const available = cpuSet([...this.#free, ...reusable]);
    if (this.options.fullCores) {
      if (needed % cpusPerCore !== 0) return misaligned(`requested ${needed} cpus not multiple cpus per core = ${cpusPerCore}`);
      const whole = this.#inWholeCores(available);
      if (whole.length < needed) return misaligned(`not enough free physical CPUs: available physical CPUs = ${whole.length}, requested CPUs = ${needed}, CPUs per core = ${cpusPerCore}`);
    }
    try {
      this.#give(uidOf(pod), container.name, this.#choose(available, needed, affinity), reusable);
      return undefined;
    } catch (error) {
      if (!(error instanceof NotEnoughCpus)) throw error;
      return unexpected(error.message);
    }
  }

  /** False when the pod had none. */
  release(uid: string): boolean {
    const containers = this.#exclusive.get(uid);
    if (!containers) return false;
    this.#exclusive.delete(uid);
    this.#shared = cpuSet([...this.#shared, ...[...containers.values()].flat()]);
    return true;
  }

  /** What can be given away: shared now, and not reserved. */
  get #free(): CpuSet {
    return without(this.#shared, this.reserved);
  }

  #choose(available: CpuSet, needed: number, affinity: NumaMask | undefined): CpuSet {
    if (affinity === undefined) return this.#take(available, needed);
    const sockets = new Set(this.topology.cpus.filter(({ numa }) => isIn(numa, affinity)).map(({ socket }) => socket));
    const near = available.filter((id) => (this.options.bySocket ? this.topology.cpus.some((cpu) => cpu.id === id && sockets.has(cpu.socket)) : isIn(this.#numaOf(id), affinity)));
    const first = this.#take(near, Math.min(near.length, needed));
    if (available.length < needed) throw new NotEnoughCpus(needed, available.length);
    return cpuSet([...first, ...this.#take(without(available, first), needed - first.length)]);
  }

  #take(available: CpuSet, count: number): CpuSet {
    const { spread, fullCores } = this.options;
    return spread ? spreadCpus(this.topology, available, count, fullCores ? this.topology.cpusPerCore : 1) : takeCpus(this.topology, available, count, this.options);
  }

  #give(uid: string, container: string, cpus: CpuSet, reusable: CpuSet): void {
    const containers = this.#exclusive.get(uid) ?? new Map<string, CpuSet>();
    containers.set(container, cpus);
    this.#exclusive.set(uid, containers);
    this.#shared = without(this.#shared, without(cpus, reusable));
  }

  /** What init containers that end leave to those after them, as long as nobody of the pod has taken it up. */
  #leftByInit(pod: corev1.Pod, container: corev1.Container): CpuSet {
    const mine = this.#exclusive.get(uidOf(pod));
    if (!mine) return [];
    const ends = initContainersOf(pod).filter((init) => !isSidecar(init) && init.name !== container.name).flatMap(({ name }) => mine.get(name) ?? []);
    const keeps = [...containersOf(pod), ...initContainersOf(pod).filter(isSidecar)].flatMap(({ name }) => mine.get(name) ?? []);
    return without(cpuSet(ends), keeps);
  }

  #hintsFrom(free: readonly number[], needed: number): TopologyHint[] {
    const { numaNodes, cpus } = this.topology;
    const count = (list: readonly number[], node: number): number => list.filter((cpu) => this.#numaOf(cpu) === node).length;
    const [capacity, available] = [(node: number): number => count(cpus.map(({ id }) => id), node), (node: number): number => count(free, node)];
    if (!this.options.bySocket) return countedHints(numaNodes, needed, capacity, available);
    const banksPerSocket = numaNodes.length / this.topology.sockets;
    const sockets = (mask: NumaMask): number => new Set(cpus.filter(({ numa }) => isIn(numa, mask)).map(({ socket }) => socket)).size;
    return countedHints(numaNodes, needed, capacity, available, { isPreferred: (mask, leastBanks) => sockets(mask) === Math.ceil(leastBanks / banksPerSocket) });
  }

  #inWholeCores(available: CpuSet): CpuSet {
    const { cpus, cpusPerCore } = this.topology;
    const ofCore = (core: number): CpuSet => cpus.filter((cpu) => cpu.core === core && available.includes(cpu.id)).map(({ id }) => id);
    return [...new Set(cpus.map(({ core }) => core))].map(ofCore).filter((ids) => ids.length === cpusPerCore).flat();
  }

  #numaOf(id: number): number {
    return this.topology.cpus.find((cpu) => cpu.id === id)?.numa ?? 0;
  }

  #validate({ shared, exclusive }: CpuAssignments, all: CpuSet): void {
    if (shared.length === 0) throw new Error('default cpuset cannot be empty');
    if (!this.options.strictReservation && without(this.reserved, shared).length > 0) {
      throw new Error(`not all reserved cpus: ${JSON.stringify(this.reserved)} are present in defaultCpuSet: ${JSON.stringify(shared)}`);
    }
    const known = cpuSet([...shared, ...[...exclusive.values()].flatMap((containers) => [...containers.values()].flat()), ...(this.options.strictReservation ? this.reserved : [])]);
    if (!sameCpus(known, all)) throw new Error(`current set of available CPUs ${JSON.stringify(all)} doesn't match with CPUs in state ${JSON.stringify(known)}`);
  }
}

/** Why a pod is refused that would share a core with a stranger. */
export const misalignedReason = 'SMTAlignmentError';

function misaligned(why: string): Rejection {
  return { reason: misalignedReason, message: `Pod was rejected: SMT Alignment Error: ${why}` };
}
