import { type corev1, isExtendedResource } from '@navarch/api';
import { type Machine } from './machine';
import { milliValue, wholeValue } from '../quantities';

/** What is kept from pods: upstream's --kube-reserved, --system-reserved and --eviction-hard. */
export interface Reservations {
  readonly kubeReserved: Readonly<Record<string, string>>;
  readonly systemReserved: Readonly<Record<string, string>>;
  /** By signal, such as `memory.available: 100Mi`. */
  readonly evictionHard: Readonly<Record<string, string>>;
}

export interface NodeResources {
  readonly capacity: Record<string, string>;
  readonly allocatable: Record<string, string>;
}

/** How many pods a machine may have. */
export function podsOn({ cpus }: Pick<Machine, 'cpus'>, { maxPods, podsPerCore }: { readonly maxPods: number; readonly podsPerCore: number }): number {
  return podsPerCore > 0 ? Math.min(cpus * podsPerCore, maxPods) : maxPods;
}

/** A node's capacity and what of it pods may use. `localStorage`: whether its disk is among that. */
export function nodeResources(machine: Pick<Machine, 'cpus' | 'memoryBytes' | 'storageBytes' | 'hugepages'>, maxPods: number, reservations: Reservations, localStorage = true): NodeResources {
  const hugepages = Object.entries(machine.hugepages);
  const reserved = (name: string, value: (quantity: string | undefined) => number): number =>
    value(reservations.kubeReserved[name]) + value(reservations.systemReserved[name]);
  const milliCpu = Math.max(0, machine.cpus * 1000 - reserved('cpu', milliValue));
  const hugepageBytes = hugepages.reduce((sum, [, bytes]) => sum + bytes, 0);
  const memory = machine.memoryBytes - hugepageBytes - reserved('memory', wholeValue) - threshold(reservations.evictionHard['memory.available'], machine.memoryBytes);
  const storage = machine.storageBytes - reserved('ephemeral-storage', wholeValue) - threshold(reservations.evictionHard['nodefs.available'], machine.storageBytes);
  const pages = Object.fromEntries(hugepages.map(([name, bytes]) => [name, String(bytes)]));
  return {
    capacity: {
      cpu: String(machine.cpus), ...(localStorage ? { 'ephemeral-storage': kibibytes(machine.storageBytes) } : {}), ...pages, memory: kibibytes(machine.memoryBytes), pods: String(maxPods),
    },
    allocatable: {
      cpu: milliCpu % 1000 === 0 ? String(milliCpu / 1000) : `${milliCpu}m`, ...(localStorage ? { 'ephemeral-storage': String(Math.max(0, Math.floor(storage))) } : {}), ...pages,
      memory: kibibytes(Math.max(0, memory)), pods: String(maxPods),
    },
  };
}

/** With the extended resources that somebody else has put into the node's capacity, all of which pods may use; those that have left it are left out (upstream's setters.go, MachineInfo). */
export function withOthersResources({ capacity, allocatable }: NodeResources, before: corev1.NodeStatus): NodeResources {
  const others = Object.fromEntries(Object.entries(before.capacity ?? {}).filter(([name]) => !(name in capacity) && isExtendedResource(name)));
  return { capacity: { ...capacity, ...others }, allocatable: { ...allocatable, ...others } };
}

/** An eviction threshold in bytes: a quantity, or a share of the whole. */
function threshold(text: string | undefined, whole: number): number {
  if (text === undefined) return 0;
  return text.endsWith('%') ? (whole * Number(text.slice(0, -1))) / 100 : wholeValue(text);
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}
