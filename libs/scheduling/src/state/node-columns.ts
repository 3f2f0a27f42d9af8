import type { NodeInfo } from './node-info';

const firstSize = 64;

/** The numbers that are looked at for every pod and node, side by side in memory by a node's slot: a scan over many nodes stays in the processor's caches. */
export class NodeColumns {
  cpu = new Float64Array(firstSize);
  memory = new Float64Array(firstSize);
  requestedCpu = new Float64Array(firstSize);
  requestedMemory = new Float64Array(firstSize);
  /** With defaults for what pods do not ask. */
  scoredCpu = new Float64Array(firstSize);
  scoredMemory = new Float64Array(firstSize);
  freePods = new Float64Array(firstSize);

  write({ slot, allocatable, requested, scored, allowedPods, pods }: NodeInfo): void {
    if (slot >= this.cpu.length) this.#grow(slot + 1);
    this.cpu[slot] = allocatable.milliCpu;
    this.memory[slot] = allocatable.memory;
    this.requestedCpu[slot] = requested.milliCpu;
    this.requestedMemory[slot] = requested.memory;
    this.scoredCpu[slot] = scored.milliCpu;
    this.scoredMemory[slot] = scored.memory;
    this.freePods[slot] = allowedPods - pods.size;
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.cpu.length * 2);
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(size);
      grown.set(old);
      return grown;
    };
    this.cpu = larger(this.cpu);
    this.memory = larger(this.memory);
    this.requestedCpu = larger(this.requestedCpu);
    this.requestedMemory = larger(this.requestedMemory);
    this.scoredCpu = larger(this.scoredCpu);
    this.scoredMemory = larger(this.scoredMemory);
    this.freePods = larger(this.freePods);
  }
}
