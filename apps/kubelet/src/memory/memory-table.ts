import { type corev1 } from '@navarch/api';
import { type Rejection } from '../pods/admit-pod';
import { containersOf, initContainersOf, isSidecar, uidOf } from '../pods/pod-spec';
import { mayHaveItsOwn } from '../pods/pod-resources';
import { wholeValue } from '../quantities';
import { unexpected } from '../topology/hint-provider';
import { isIn, maskOf, type NumaMask } from '../topology/numa-mask';
import { countedHints, mergeHints, type TopologyHint } from '../topology/topology-hint';
import { type NumaMemory } from './numa-memory';
import { type ReservedMemory } from './reserved-memory';

/** What a container was promised of one resource, and from which banks: the kernel may take it from any of them. */
export interface MemoryBlock {
  readonly numaAffinity: readonly number[];
  readonly type: string;
  readonly size: number;
}

/** By pod and container. */
export type MemoryBlocks = Readonly<Record<string, Readonly<Record<string, readonly MemoryBlock[]>>>>;

/** The static policy's book: how much of each memory bank is promised to whom. */
export class MemoryTable {
  readonly #blocks = new Map<string, Map<string, readonly MemoryBlock[]>>();

  constructor(private readonly banks: NumaMemory, private readonly reserved: ReservedMemory, saved: MemoryBlocks = {}) {
    for (const [uid, containers] of Object.entries(saved)) this.#blocks.set(uid, new Map(Object.entries(containers)));
  }

  get blocks(): MemoryBlocks {
    return Object.fromEntries([...this.#blocks].map(([uid, containers]) => [uid, Object.fromEntries(containers)]));
  }

  /** What could be promised, bank by bank. */
  get allocatable(): readonly MemoryBlock[] {
    return [...this.banks].flatMap(([bank, resources]) => Object.keys(resources).map((type) => ({ numaAffinity: [bank], type, size: this.#allocatable(bank, type) }))).filter(({ size }) => size > 0);
  }

  /** What a container was promised. */
  blocksOf(uid: string, container: string): readonly MemoryBlock[] {
    return this.#blocks.get(uid)?.get(container) ?? [];
  }

  /** The banks a container's memory comes from; empty where nobody says. */
  banksOf(uid: string, container: string): readonly number[] {
    return this.#blocks.get(uid)?.get(container)?.[0]?.numaAffinity ?? [];
  }

  hints(pod: corev1.Pod, container: corev1.Container): Map<string, readonly TopologyHint[]> {
    const given = this.#blocks.get(uidOf(pod))?.get(container.name);
    if (given) return new Map(given.map(({ type, numaAffinity }) => [type, [{ affinity: maskOf(numaAffinity), preferred: true }]]));
    return this.#hintsFor(requestsOf(pod, container), this.#leftByInit(pod, container));
  }

  podHints(pod: corev1.Pod): Map<string, readonly TopologyHint[]> {
    const sum: Record<string, number> = {};
    for (const container of [...containersOf(pod), ...initContainersOf(pod).filter(isSidecar)]) {
      for (const [name, bytes] of Object.entries(requestsOf(pod, container))) sum[name] = (sum[name] ?? 0) + bytes;
    }
    for (const container of initContainersOf(pod)) {
      for (const [name, bytes] of Object.entries(requestsOf(pod, container))) sum[name] = Math.max(sum[name] ?? 0, bytes);
    }
    return this.#hintsFor(sum);
  }

  /** Promises a container its memory, once; says why it cannot. */
  allocate(pod: corev1.Pod, container: corev1.Container, hint: TopologyHint): Rejection | undefined {
    const uid = uidOf(pod);
    const wanted = requestsOf(pod, container);
    if (Object.keys(wanted).length === 0 || this.#blocks.get(uid)?.has(container.name) === true) return undefined;
    const own = [...this.#hintsFor(wanted, this.#leftByInit(pod, container)).values()];
    const fits = (mask: NumaMask): boolean => own.every((hints) => hints.some(({ affinity }) => affinity === mask));
    const all = maskOf(this.banks.keys());
    const affinity = hint.affinity !== undefined && fits(hint.affinity) ? hint.affinity : mergeHints(own, all).affinity ?? all;
    if (own.some((hints) => hints.length === 0) || !fits(affinity)) return unexpected('[memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available');
    const containers = this.#blocks.get(uid) ?? new Map<string, readonly MemoryBlock[]>();
    const numaAffinity = [...this.banks.keys()].filter((bank) => isIn(bank, affinity));
    containers.set(container.name, Object.entries(wanted).map(([type, size]) => ({ numaAffinity, type, size })));
    this.#blocks.set(uid, containers);
    this.#reuseInit(pod, container);
    return undefined;
  }

  /** False when the pod had none. */
  release(uid: string): boolean {
    return this.#blocks.delete(uid);
  }

  get pods(): string[] {
    return [...this.#blocks.keys()];
  }

  /** `reusable`: what is promised, but to be taken up by this one. */
  #hintsFor(wanted: Readonly<Record<string, number>>, reusable: ReadonlySet<MemoryBlock> = new Set()): Map<string, readonly TopologyHint[]> {
    const promised = this.#all().filter((block) => !reusable.has(block));
    return new Map(
      Object.entries(wanted).map(([name, bytes]) => [
        name,
        countedHints(
          [...this.banks.keys()],
          bytes,
          (bank) => this.#allocatable(bank, name),
          (bank) => this.#free(bank, name, promised),
          { mayUse: (mask) => mayJoin(promised, mask) },
        ),
      ]),
    );
  }

  /** What init containers had that end before this one begins. */
  #leftByInit(pod: corev1.Pod, container: corev1.Container): ReadonlySet<MemoryBlock> {
    const mine = this.#blocks.get(uidOf(pod));
    return new Set(initContainersOf(pod).filter((init) => !isSidecar(init) && init.name !== container.name).flatMap(({ name }) => mine?.get(name) ?? []));
  }

  #allocatable(bank: number, name: string): number {
    return (this.banks.get(bank)?.[name] ?? 0) - (this.reserved.get(bank)?.[name] ?? 0);
  }

  /** What several banks promise together, each keeps in the order of their numbers. */
  #free(bank: number, name: string, promised: readonly MemoryBlock[]): number {
    const taken = new Map<number, number>();
    for (const { numaAffinity, type, size } of promised) {
      let left = type === name ? size : 0;
      for (const each of numaAffinity) {
        const here = Math.min(left, this.#allocatable(each, name) - (taken.get(each) ?? 0));
        taken.set(each, (taken.get(each) ?? 0) + here);
        left -= here;
      }
    }
    return this.#allocatable(bank, name) - (taken.get(bank) ?? 0);
  }

  /** What an init container had that ends, is of those after it. */
  #reuseInit(pod: corev1.Pod, container: corev1.Container): void {
    const mine = this.#blocks.get(uidOf(pod));
    if (!mine) return;
    const left = new Map((mine.get(container.name) ?? []).map(({ type, size }) => [type, size]));
    for (const init of initContainersOf(pod).filter((each) => !isSidecar(each) && each.name !== container.name)) {
      const blocks = mine.get(init.name);
      if (!blocks) continue;
      mine.set(init.name, blocks.map((block) => {
        const used = Math.min(block.size, left.get(block.type) ?? 0);
        left.set(block.type, (left.get(block.type) ?? 0) - used);
        return { ...block, size: block.size - used };
      }));
    }
  }

  #all(): MemoryBlock[] {
    return [...this.#blocks.values()].flatMap((containers) => [...containers.values()].flat());
  }
}

/** Banks that give together do so with no others: else what one promised alone might be taken by a neighbour. */
function mayJoin(promised: readonly MemoryBlock[], mask: NumaMask): boolean {
  return promised.map(({ numaAffinity }) => maskOf(numaAffinity)).every((other) => (other & mask) === 0 || other === mask);
}

/** Bytes of memory and huge pages that a container of a guaranteed pod asks for. */
function requestsOf(pod: corev1.Pod, { resources }: corev1.Container): Record<string, number> {
  if (!mayHaveItsOwn(pod)) return {};
  const requests = { ...resources?.limits, ...resources?.requests };
  return Object.fromEntries(
    Object.entries(requests)
      .filter(([name]) => name === 'memory' || name.startsWith('hugepages-'))
      .map(([name, quantity]) => [name, wholeValue(quantity)] as const)
      .filter(([, bytes]) => bytes > 0),
  );
}
