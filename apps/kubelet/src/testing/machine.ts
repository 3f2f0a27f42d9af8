import { cpuTopology, type CpuTopology } from '../cpus/cpu-topology';

/** Threads of a core are numbered half the machine apart, as on most machines. */
export function machine(sockets: number, numaPerSocket: number, coresPerNuma: number, threads: number, coresPerCache = coresPerNuma): CpuTopology {
  const cores = sockets * numaPerSocket * coresPerNuma;
  return cpuTopology(Array.from({ length: cores * threads }, (_, id) => {
    const core = id % cores;
    const numa = Math.floor(core / coresPerNuma);
    return { id, core, numa, socket: Math.floor(numa / numaPerSocket), cache: Math.floor(core / coresPerCache) };
  }));
}

export const twoSockets = machine(2, 1, 4, 2);
