import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { CheckpointFile, fnv32a } from '../checkpoint-file';
import { formatCpuSet } from '../cpus/cpu-set';
import { errorText } from '../error-text';
import { type Rejection } from '../pods/admit-pod';
import { uidOf } from '../pods/pod-spec';
import { type HintProvider } from '../topology/hint-provider';
import { type Pinning } from '../topology/placement-metrics';
import { type ResourceHints, type TopologyHint } from '../topology/topology-hint';
import { MemoryTable, type MemoryBlock, type MemoryBlocks } from './memory-table';
import { type NumaMemory } from './numa-memory';
import { checkReservedMemory, type ReservedMemory } from './reserved-memory';

export const memoryPolicies = ['None', 'Static'] as const;
/** Upstream's --memory-manager-policy. */
export type MemoryPolicy = (typeof memoryPolicies)[number];

export interface MemoryManagerOptions {
  readonly policy: MemoryPolicy;
  readonly reserved: ReservedMemory;
  /** What the node keeps from pods of memory and huge pages, in bytes: the banks must keep the same together. */
  readonly kept: Readonly<Record<string, number>>;
}

interface Saved {
  readonly policyName: string;
  readonly entries: MemoryBlocks;
  readonly checksum: number;
}

/** Promises guaranteed containers memory of certain banks, and keeps them to these. */
export class MemoryManager implements HintProvider {
  readonly #file: CheckpointFile;
  #table: MemoryTable | undefined;

  constructor(private readonly options: MemoryManagerOptions, private readonly deps: { readonly rootDir: string; readonly log: Logger; readonly metrics: Pinning }) {
    this.#file = new CheckpointFile(join(deps.rootDir, 'memory_manager_state'), deps.log);
  }

  /** Reads who was promised what; rejects when that was another policy's, or when the banks do not keep what the node does. */
  async start(banks: NumaMemory): Promise<void> {
    const { policy, reserved, kept } = this.options;
    if (policy === 'Static') checkReservedMemory(reserved, kept);
    const saved = await this.#file.read() as Saved | undefined;
    try {
      if (saved && saved.checksum !== checksum(saved.policyName, saved.entries)) throw new Error('checkpoint is corrupted');
      if (saved && saved.policyName !== policy) throw new Error(`[memorymanager] configured policy ${JSON.stringify(policy)} differs from state checkpoint policy ${JSON.stringify(saved.policyName)}`);
    } catch (error) {
      throw new Error(
        `could not restore state from checkpoint: ${errorText(error)}, please drain this node and delete the memory manager checkpoint file ${JSON.stringify(this.#file.path)} before restarting Kubelet`,
        { cause: error },
      );
    }
    if (policy === 'Static') this.#table = new MemoryTable(banks, reserved, saved?.entries);
    this.#save();
  }

  async stop(): Promise<void> {
    await this.#file.flush();
  }

  hints(pod: corev1.Pod, container: corev1.Container): ResourceHints {
    return this.#table?.hints(pod, container) ?? new Map();
  }

  podHints(pod: corev1.Pod): ResourceHints {
    return this.#table?.podHints(pod) ?? new Map();
  }

  allocate(pod: corev1.Pod, container: corev1.Container, hint: TopologyHint): Rejection | undefined {
    const rejection = this.#table?.allocate(pod, container, hint);
    if (this.#table && !rejection) this.#save();
    if (rejection || this.blocksOf(uidOf(pod), container.name).length > 0) this.deps.metrics.requests.inc();
    if (rejection) this.deps.metrics.errors.inc();
    return rejection;
  }

  forgetPod(uid: string): void {
    if (this.#table?.release(uid) === true) this.#save();
  }

  /** Takes back what was promised to pods that are not here any more. */
  forgetAllBut(isWanted: (uid: string) => boolean): void {
    for (const uid of this.#table?.pods ?? []) if (!isWanted(uid)) this.forgetPod(uid);
  }

  /** What could be promised; nothing where nobody is promised anything. */
  get allocatable(): readonly MemoryBlock[] {
    return this.#table?.allocatable ?? [];
  }

  /** What a container was promised. */
  blocksOf(uid: string, container: string): readonly MemoryBlock[] {
    return this.#table?.blocksOf(uid, container) ?? [];
  }

  /** The banks a container is kept to, as the kernel writes them; empty where nobody says. */
  banksOf(uid: string, container: string): string {
    return formatCpuSet(this.#table?.banksOf(uid, container) ?? []);
  }

  #save(): void {
    this.#file.save(() => {
      const entries = this.#table?.blocks ?? {};
      return { policyName: this.options.policy, entries, checksum: checksum(this.options.policy, entries) };
    });
  }
}

function checksum(policyName: string, entries: MemoryBlocks): number {
  return fnv32a(JSON.stringify([policyName, entries]));
}
