import { fnv32a } from '../checkpoint-file';
import { formatCpuSet, parseCpuSet, type CpuSet } from './cpu-set';

/** Who has which processors for itself: by pod and container. */
export interface CpuAssignments {
  /** What is shared by all others. */
  readonly shared: CpuSet;
  readonly exclusive: ReadonlyMap<string, ReadonlyMap<string, CpuSet>>;
}

export const cpuPolicies = ['none', 'static'] as const;
/** Upstream's --cpu-manager-policy. */
export type CpuPolicy = (typeof cpuPolicies)[number];

/** The content of `cpu_manager_state`, as upstream writes it, its checksum too. */
export function cpuCheckpoint(policyName: CpuPolicy, { shared, exclusive }: CpuAssignments): Record<string, unknown> {
  const entries = Object.fromEntries([...exclusive].map(([uid, containers]) => [uid, Object.fromEntries([...containers].map(([name, cpus]) => [name, formatCpuSet(cpus)]))]));
  const defaultCpuSet = formatCpuSet(shared);
  return { policyName, defaultCpuSet, ...(exclusive.size === 0 ? {} : { entries }), checksum: checksum(policyName, defaultCpuSet, entries) };
}

/** Reads one; throws an Error where it is spoiled or another policy's. */
export function readCpuCheckpoint(content: unknown, policyName: CpuPolicy): CpuAssignments {
  const {
    policyName: found = '',
    defaultCpuSet = '',
    entries = {},
    checksum: sum,
  } = content as { policyName?: string; defaultCpuSet?: string; entries?: Record<string, Record<string, string>>; checksum?: number };
  if (sum !== checksum(found, defaultCpuSet, entries)) throw new Error('checkpoint is corrupted');
  if (found !== policyName) throw new Error(`configured policy ${JSON.stringify(policyName)} differs from state checkpoint policy ${JSON.stringify(found)}`);
  return {
    shared: parseCpuSet(defaultCpuSet),
    exclusive: new Map(Object.entries(entries).map(([uid, containers]) => [uid, new Map(Object.entries(containers).map(([name, cpus]) => [name, parseCpuSet(cpus)]))])),
  };
}

/** Of the structure as Go would print it, keys in order. */
function checksum(policyName: string, defaultCpuSet: string, entries: Readonly<Record<string, Readonly<Record<string, string>>>>): number {
  const map = <T>(values: Readonly<Record<string, T>>, text: (value: T) => string): string => `map[${Object.keys(values).sort().map((key) => `${key}:${text(values[key] as T)}`).join(' ')}]`;
  const shown = map(entries, (containers) => map(containers, (cpus) => cpus));
  return fnv32a(`(*state.CPUManagerCheckpoint){PolicyName:(string)${policyName} DefaultCPUSet:(string)${defaultCpuSet} Entries:(map[string]map[string]string)${shown} Checksum:(checksum.Checksum)0}`);
}
