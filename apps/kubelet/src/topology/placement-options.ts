import { type KubeletConfig } from '../config';
import { cpuPolicies } from '../cpus/cpu-checkpoint';
import { parseCpuSet } from '../cpus/cpu-set';
import { memoryPolicies } from '../memory/memory-manager';
import { parseReservedMemory } from '../memory/reserved-memory';
import { milliValue, wholeValue } from '../quantities';
import { maxNumaNodes, mostNumaNodes } from './numa-mask';
import { type PlacementOptions } from './pod-placement';
import { topologyPolicies, topologyScopes } from './policies';
import { type TopologyOptions } from './topology-manager';

/** Upstream's options of the static policy. */
const cpuOptions = ['full-pcpus-only', 'strict-cpu-reservation', 'distribute-cpus-across-numa', 'distribute-cpus-across-cores', 'align-by-socket', 'prefer-align-cpus-by-uncorecache'] as const;

/** Of which only one can be. */
const exclusiveOptions = [
  ['full-pcpus-only', 'distribute-cpus-across-cores'],
  ['distribute-cpus-across-numa', 'distribute-cpus-across-cores'],
  ['prefer-align-cpus-by-uncorecache', 'distribute-cpus-across-cores'],
  ['prefer-align-cpus-by-uncorecache', 'distribute-cpus-across-numa'],
] as const;

type Flags = Pick<
  KubeletConfig,
  | 'cpuManagerPolicy'
  | 'cpuManagerPolicyOptions'
  | 'reservedCpus'
  | 'memoryManagerPolicy'
  | 'reservedMemory'
  | 'topologyManagerPolicy'
  | 'topologyManagerScope'
  | 'topologyManagerPolicyOptions'
  | 'kubeReserved'
  | 'systemReserved'
>;

/** What the flags say of where containers run; `memoryKept`: what evictions keep free, in bytes. Throws an Error that names the flag. */
export function placementOptions(config: Flags, memoryKept: number): PlacementOptions {
  const reserved = (name: string, value: (quantity: string | undefined) => number): number => value(config.kubeReserved[name]) + value(config.systemReserved[name]);
  const hugepages = Object.keys({ ...config.kubeReserved, ...config.systemReserved }).filter((name) => name.startsWith('hugepages-'));
  for (const pair of exclusiveOptions)
    if (pair.every((option) => cpuOption(config, option))) {
      throw new Error(`--cpu-manager-policy-options: static policy options ${pair.join(' and ')} can not be used at the same time`);
    }
  if (cpuOption(config, 'align-by-socket') && config.topologyManagerPolicy === 'single-numa-node') {
    throw new Error('--cpu-manager-policy-options: Topolgy manager Single numa policy is incompatible with CPUManager Align by socket policy option');
  }
  return {
    cpus: {
      policy: oneOf(cpuPolicies, config.cpuManagerPolicy), reservedMilliCpu: reserved('cpu', milliValue), reservedCpus: parseCpuSet(config.reservedCpus ?? ''),
      fullCores: cpuOption(config, 'full-pcpus-only'), strictReservation: cpuOption(config, 'strict-cpu-reservation'), spread: cpuOption(config, 'distribute-cpus-across-numa'),
      acrossCores: cpuOption(config, 'distribute-cpus-across-cores'), bySocket: cpuOption(config, 'align-by-socket'), byCache: cpuOption(config, 'prefer-align-cpus-by-uncorecache'),
    },
    memory: {
      policy: oneOf(memoryPolicies, config.memoryManagerPolicy), reserved: parseReservedMemory(config.reservedMemory ?? ''),
      kept: { memory: reserved('memory', wholeValue) + memoryKept, ...Object.fromEntries(hugepages.map((name) => [name, reserved(name, wholeValue)])) },
    },
    topology: { policy: oneOf(topologyPolicies, config.topologyManagerPolicy), scope: oneOf(topologyScopes, config.topologyManagerScope), ...topologyOptions(config.topologyManagerPolicyOptions) },
  };
}

function topologyOptions(given: Readonly<Record<string, string>>): Pick<TopologyOptions, 'preferClosest' | 'maxNumaNodes'> {
  const flag = '--topology-manager-policy-options';
  const { 'prefer-closest-numa-nodes': closest = 'false', 'max-allowable-numa-nodes': most = String(maxNumaNodes), ...others } = given;
  for (const option of Object.keys(others)) throw new Error(`${flag}: unknown Topology Manager Policy option: ${JSON.stringify(option)}`);
  if (closest !== 'true' && closest !== 'false') throw new Error(`${flag}: bad value for option "prefer-closest-numa-nodes": ${JSON.stringify(closest)}`);
  if (!/^\d+$/.test(most)) throw new Error(`${flag}: unable to convert policy option to integer "max-allowable-numa-nodes": ${JSON.stringify(most)}`);
  if (Number(most) < maxNumaNodes || Number(most) > mostNumaNodes) {
    throw new Error(`${flag}: the value of "max-allowable-numa-nodes" should not be less than ${maxNumaNodes} or more than ${mostNumaNodes}`);
  }
  return { preferClosest: closest === 'true', maxNumaNodes: Number(most) };
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
