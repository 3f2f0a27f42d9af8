import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

export interface MachineUsage {
  /** Processor seconds, all processors and all processes, since the start of the machine; what a hypervisor took away included. */
  readonly busySeconds: number;
  readonly totalSeconds: number;
}

export function machineUsage(): MachineUsage {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / ticksPerSecond);
  const busySeconds = user + nice + system + irq + softirq + steal;
  return { busySeconds, totalSeconds: busySeconds + idle + iowait };
}

/** The part of the machine, from 0 to 1, that others than us used in between. */
export function othersShare(before: MachineUsage, after: MachineUsage, oursSeconds: number): number {
  const total = after.totalSeconds - before.totalSeconds;
  const others = after.busySeconds - before.busySeconds - oursSeconds;
  return total <= 0 ? 0 : Math.min(Math.max(others / total, 0), 1);
}
