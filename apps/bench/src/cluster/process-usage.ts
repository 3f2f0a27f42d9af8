import { readFileSync } from 'node:fs';

/** Linux counts processor time in these for user space, whatever the kernel's own tick. */
const ticksPerSecond = 100;

/** Processor seconds, user and system, that a process has used since it began. */
export function cpuSeconds(pid: number): number {
  // The name, in parentheses, may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export interface MemoryUse {
  /** Resident, shared pages counted in full. */
  readonly rssMib: number;
  /** Resident, shared pages divided among those who share them: sums are honest. */
  readonly pssMib: number;
  /** The most that was ever resident. */
  readonly peakRssMib: number;
}

export function memoryUse(pid: number): MemoryUse {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return { rssMib: mib(status, 'VmRSS'), peakRssMib: mib(status, 'VmHWM'), pssMib: mib(rollup, 'Pss') };
}

function mib(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
}
