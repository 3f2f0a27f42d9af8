import { type KubeletConfig } from '../config';
import { cpuPolicies } from '../cpus/cpu-checkpoint';
import { parseCpuSet } from '../cpus/cpu-set';
import { memoryPolicies } from '../memory/memory-manager';
import { parseReservedMemory } from '../memory/reserved-memory';
import { milliValue, wholeValue } from '../quantities';
import { type PlacementOptions } from './pod-placement';
import { topologyPolicies, topologyScopes } from './policies';

/** Upstream's options of the static policy that are here. */
const cpuOptions = ['full-pcpus-only', 'strict-cpu-reservation', 'distribute-cpus-across-numa'] as const;

type Flags = Pick<KubeletConfig, 'cpuManagerPolicy' | 'cpuManagerPolicyOptions' | 'reservedCpus' | 'memoryManagerPolicy' | 'reservedMemory' | 'topologyManagerPolicy' | 'topologyManagerScope' | 'kubeReserved' | 'systemReserved'>;

/** What the flags say of where containers run; `memoryKept`: what evictions keep free, in bytes. Throws an Error that names the flag. */
export function placementOptions(config: Flags, memoryKept: number): PlacementOptions {
  const reserved = (name: string, value: (quantity: string | undefined) => number): number => value(config.kubeReserved[name]) + value(config.systemReserved[name]);
  const hugepages = Object.keys({ ...config.kubeReserved, ...config.systemReserved }).filter((name) => name.startsWith('hugepages-'));
  return {
    cpus: {
      policy: oneOf(cpuPolicies, config.cpuManagerPolicy), reservedMilliCpu: reserved('cpu', milliValue), reservedCpus: parseCpuSet(config.reservedCpus ?? ''),
      fullCores: cpuOption(config, 'full-pcpus-only'), strictReservation: cpuOption(config, 'strict-cpu-reservation'), spread: cpuOption(config, 'distribute-cpus-across-numa'),
    },
    memory: {
      policy: oneOf(memoryPolicies, config.memoryManagerPolicy), reserved: parseReservedMemory(config.reservedMemory ?? ''),
      kept: { memory: reserved('memory', wholeValue) + memoryKept, ...Object.fromEntries(hugepages.map((name) => [name, reserved(name, wholeValue)])) },
    },
    topology: { policy: oneOf(topologyPolicies, config.topologyManagerPolicy), scope: oneOf(topologyScopes, config.topologyManagerScope) },
  };
}

/** The flag's table has the same choices. */
function oneOf<T extends string>(choices: readonly T[], given: string): T {
  const choice = choices.find((candidate) => candidate === given);
  if (choice === undefined) throw new Error(`${given} is none of ${choices.join(', ')}`);
  return choice;
}

function cpuOption({ cpuManagerPolicyOptions: given, cpuManagerPolicy }: Flags, option: (typeof cpuOptions)[number]): boolean {
  const unknown = Object.keys(given).find((name) => !cpuOptions.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--cpu-manager-policy-options: unsupported cpumanager option: ${JSON.stringify(unknown)}`);
  if (Object.keys(given).length > 0 && cpuManagerPolicy === 'none') throw new Error('--cpu-manager-policy-options: none policy: received unsupported options');
  const value = given[option] ?? 'false';
  if (value !== 'true' && value !== 'false') throw new Error(`--cpu-manager-policy-options: bad value for option ${JSON.stringify(option)}: ${JSON.stringify(value)}`);
  return value === 'true';
}
