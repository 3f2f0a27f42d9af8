import { cpuSet, without, type CpuSet } from './cpu-set';
import { type Cpu, type CpuTopology } from './cpu-topology';

type Level = 'numa' | 'socket' | 'cache' | 'core';

/** Which cores and caches processors come from, below whole memory banks and sockets. */
export interface TakingOptions {
  /** One thread of each core before the second of any (upstream's distribute-cpus-across-cores). */
  readonly acrossCores: boolean;
  /** From as few last-level caches as can be (upstream's prefer-align-cpus-by-uncorecache). */
  readonly byCache: boolean;
}

const packed: TakingOptions = { acrossCores: false, byCache: false };

/** Fewer processors are free than were asked for. */
export class NotEnoughCpus extends Error {
  override readonly name = 'NotEnoughCpus';

  constructor(requested: number, available: number) {
    super(`not enough cpus available to satisfy request: requested=${requested}, available=${available}`);
  }
}

/**
 * Which processors to give away so that those that are left stay together: whole memory banks and sockets while they
 * fit, then whole cores, then threads of cores that are broken already (upstream's packed allocation). Throws NotEnoughCpus.
 */
export function takeCpus(topology: CpuTopology, available: CpuSet, count: number, { acrossCores, byCache }: TakingOptions = packed): CpuSet {
  if (available.length < count) throw new NotEnoughCpus(count, available.length);
  const taking = new Taking(topology, available, count);
  // The wider of the two first: a socket may have banks of its own, or a bank several sockets.
  const wide: Level[] = topology.sockets >= topology.numaNodes.length ? ['numa', 'socket'] : ['socket', 'numa'];
  for (const level of wide) taking.wholes(level);
  if (byCache) taking.caches();
  if (acrossCores) taking.byNumber();
  taking.wholes('core');
  taking.threads();
  return taking.taken;
}

class Taking {
  #free: readonly Cpu[];
  #taken: CpuSet = [];

  constructor(private readonly topology: CpuTopology, available: CpuSet, private readonly count: number) {
    const set = new Set(available);
    this.#free = topology.cpus.filter(({ id }) => set.has(id));
  }

  get taken(): CpuSet {
    return cpuSet(this.#taken);
  }

  /** Units of which everything is free, while they are not too big. */
  wholes(level: Level): void {
    for (const unit of this.#sorted(level)) {
      const size = this.topology.cpus.filter((cpu) => cpu[level] === unit).length;
      const free = this.#free.filter((cpu) => cpu[level] === unit);
      if (free.length === size && size <= this.#left) this.#take(free);
    }
  }

  /** Caches of which everything is free, then whole cores of one that has enough of them. */
  caches(): void {
    this.wholes('cache');
    for (const cache of this.#sorted('cache')) {
      if (this.#left === 0) return;
      const cores = this.#wholeCores(cache);
      if (cores.length >= this.#left) this.#take(cores.slice(0, this.#left));
    }
  }

  /** Socket by socket in the kernel's order, which numbers the second threads of cores after the first of all. */
  byNumber(): void {
    const order = this.#sorted('socket').flatMap((socket) => this.#free.filter((cpu) => cpu.socket === socket).sort((a, b) => a.id - b.id));
    this.#take(order.slice(0, this.#left));
  }

  threads(): void {
    const order = this.#sorted('core').flatMap((core) => this.#free.filter((cpu) => cpu.core === core).sort((a, b) => a.id - b.id));
    this.#take(order.slice(0, this.#left));
  }

  /** Processors of the cores of a cache of which no thread is taken, core by core. */
  #wholeCores(cache: number): readonly Cpu[] {
    const free = this.#free.filter((cpu) => cpu.cache === cache);
    const cores = this.#sorted('core').map((core) => free.filter((cpu) => cpu.core === core));
    return cores.filter((threads) => threads.length === this.topology.cpusPerCore).flatMap((threads) => [...threads].sort((a, b) => a.id - b.id));
  }

  get #left(): number {
    return this.count - this.#taken.length;
  }

  #take(cpus: readonly Cpu[]): void {
    const ids = cpus.map(({ id }) => id);
    this.#taken = [...this.#taken, ...ids];
    const left = new Set(without(this.#free.map(({ id }) => id), ids));
    this.#free = this.#free.filter(({ id }) => left.has(id));
  }

  /** Units with something free, the fullest first: of the same bank and socket together. */
  #sorted(level: Level): number[] {
    const free = (of: Level, unit: number): number => this.#free.filter((cpu) => cpu[of] === unit).length;
    const levels: Level[] = level === 'core' ? ['numa', 'socket', 'core'] : level === 'cache' ? ['numa', 'socket', 'cache'] : [level];
    const first = new Map(this.#free.map((cpu) => [cpu[level], cpu]));
    return [...first].sort(([, a], [, b]) => levels.reduce((order, of) => order || free(of, a[of]) - free(of, b[of]) || a[of] - b[of], 0)).map(([unit]) => unit);
  }
}
