import { cpuShares } from '../containers/container-resources';
import { hugePagesOf, kernelPageSize } from '../containers/huge-page-sizes';
import { type Machine } from '../node/machine';
import { type Reservations } from '../node/node-resources';
import { milliValue, wholeValue } from '../quantities';
import { type CgroupLimits } from './cgroup-tree';

/** Upstream's --enforce-node-allocatable. `compressible`: processor time only. */
export const enforcements = ['none', 'pods', 'system-reserved', 'kube-reserved', 'system-reserved-compressible', 'kube-reserved-compressible'] as const;
export type Enforcement = (typeof enforcements)[number];

export interface AllocatableOptions {
  readonly enforce: readonly Enforcement[];
  /** Groups that are there already, in which what is reserved for runs. */
  readonly systemReservedCgroup: string;
  readonly kubeReservedCgroup: string;
}

/** Checks what is to be enforced; throws an Error that names the flag, as upstream's validation does. */
export function allocatableOptions(given: readonly string[], cgroups: { readonly system: string; readonly kube: string }): AllocatableOptions {
  const enforce = given.map((name): Enforcement => {
    const known = enforcements.find((candidate) => candidate === name);
    if (!known) {
      throw new Error(
        `invalid configuration: option ${JSON.stringify(name)} specified for enforceNodeAllocatable (--enforce-node-allocatable). Valid options are "pods", "system-reserved", "system-reserved-compressible", "kube-reserved", "kube-reserved-compressible" or "none"`,
      );
    }
    return known;
  });
  if (enforce.includes('none') && enforce.length > 1) {
    throw new Error(
      'invalid configuration: enforceNodeAllocatable (--enforce-node-allocatable) may not contain additional enforcements when "none" is specified',
    );
  }
  for (const [name, cgroup] of [['system', cgroups.system], ['kube', cgroups.kube]] as const) {
    const whole = enforce.includes(`${name}-reserved`);
    const compressible = enforce.includes(`${name}-reserved-compressible`);
    if (whole && compressible) {
      throw new Error(
        `invalid configuration: both ${JSON.stringify(`${name}-reserved`)} and ${JSON.stringify(`${name}-reserved-compressible`)} cannot be specified together in enforceNodeAllocatable (--enforce-node-allocatable)`,
      );
    }
    if ((whole || compressible) && cgroup === '') {
      throw new Error(
        `invalid configuration: ${name}ReservedCgroup (--${name}-reserved-cgroup) must be specified when ${JSON.stringify(compressible ? `${name}-reserved-compressible` : `${name}-reserved`)} included in enforceNodeAllocatable (--enforce-node-allocatable)`,
      );
    }
  }
  return { enforce: enforce.filter((name) => name !== 'none'), systemReservedCgroup: cgroups.system, kubeReservedCgroup: cgroups.kube };
}

/**
 * What all pods together may use: the machine, less what is reserved where that is enforced. What eviction keeps free
 * is not taken off: upstream leaves it as the way between an eviction and an end by the kernel.
 */
export function kubepodsLimits(machine: Machine, { kubeReserved, systemReserved }: Reservations, enforced: boolean): CgroupLimits {
  const reserved = (name: string, value: (quantity: string | undefined) => number): number => (enforced ? value(kubeReserved[name]) + value(systemReserved[name]) : 0);
  return {
    cpuShares: cpuShares(Math.max(0, machine.cpus * 1000 - reserved('cpu', milliValue))),
    memoryBytes: Math.max(0, machine.memoryBytes - reserved('memory', wholeValue)),
    ...(reserved('pid', wholeValue) > 0 ? { pids: Math.max(1, machine.pids - reserved('pid', wholeValue)) } : {}),
    ...hugepageLimits(Object.fromEntries(Object.entries(machine.hugepages).map(([name, bytes]) => [name, bytes - reserved(name, wholeValue)]))),
  };
}

/** The limits of a group that something is reserved for. */
export function reservedLimits(reserved: Readonly<Record<string, string>>, compressibleOnly: boolean): CgroupLimits {
  const cpu = reserved['cpu'] === undefined ? {} : { cpuShares: cpuShares(milliValue(reserved['cpu'])) };
  if (compressibleOnly) return cpu;
  return {
    ...cpu,
    ...(reserved['memory'] === undefined ? {} : { memoryBytes: wholeValue(reserved['memory']) }),
    ...(reserved['pid'] === undefined ? {} : { pids: wholeValue(reserved['pid']) }),
    ...hugepageLimits(Object.fromEntries(hugePagesOf(reserved).map((name) => [name, wholeValue(reserved[name])]))),
  };
}

function hugepageLimits(bytes: Readonly<Record<string, number>>): Pick<CgroupLimits, 'hugepages'> {
  const limits = Object.entries(bytes).map(([name, amount]) => [kernelPageSize(name), amount] as const);
  return limits.length === 0 ? {} : { hugepages: Object.fromEntries(limits) };
}
