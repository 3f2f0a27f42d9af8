import { parseQuantity, quantityToMillis, quantityToNumber } from '@navarch/apimachinery';

/** Amounts of resources in base units: millicores, bytes, counts. */
export interface Resources {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Everything else: huge pages, extended resources. */
  readonly scalar: Map<string, number>;
}

export const noResources = (): Resources => ({ milliCpu: 0, memory: 0, ephemeralStorage: 0, scalar: new Map() });

/** Pods come from templates, so that the same few quantities are read again and again. */
const known = { millis: new Map<string, number>(), whole: new Map<string, number>() };
const mostKnown = 1_000;

function amount(name: string, quantity: string): number {
  const unit = name === 'cpu' ? 'millis' : 'whole';
  let value = known[unit].get(quantity);
  if (value === undefined) {
    const parsed = parseQuantity(quantity);
    value = unit === 'millis' ? quantityToMillis(parsed) : quantityToNumber(parsed);
    if (known[unit].size >= mostKnown) known[unit].clear();
    known[unit].set(quantity, value);
  }
  return value;
}

/** How many pods a node takes. */
export const podsIn = (list: Readonly<Record<string, string>> | undefined): number => amount('pods', list?.['pods'] ?? '0');

/** Reads a `resources.requests` or a node's `allocatable`. */
export function readResources(list: Readonly<Record<string, string>> | undefined): Resources {
  const resources = noResources();
  for (const [name, quantity] of Object.entries(list ?? {})) setResource(resources, name, amount(name, quantity));
  return resources;
}

function setResource(resources: Resources, name: string, value: number): void {
  if (name === 'cpu') resources.milliCpu = value;
  else if (name === 'memory') resources.memory = value;
  else if (name === 'ephemeral-storage') resources.ephemeralStorage = value;
  else if (name !== 'pods') resources.scalar.set(name, value);
}

/** Amounts as JSON values. */
export const signRequests = ({ milliCpu, memory, ephemeralStorage, scalar }: Resources): readonly unknown[] => [milliCpu, memory, ephemeralStorage, [...scalar].sort(([a], [b]) => (a < b ? -1 : 1))];

export function addResources(into: Resources, other: Resources, sign: 1 | -1 = 1): void {
  into.milliCpu += sign * other.milliCpu;
  into.memory += sign * other.memory;
  into.ephemeralStorage += sign * other.ephemeralStorage;
  for (const [name, value] of other.scalar) {
    const sum = (into.scalar.get(name) ?? 0) + sign * value;
    if (sum === 0) into.scalar.delete(name);
    else into.scalar.set(name, sum);
  }
}

export function maxResources(into: Resources, other: Resources): void {
  into.milliCpu = Math.max(into.milliCpu, other.milliCpu);
  into.memory = Math.max(into.memory, other.memory);
  into.ephemeralStorage = Math.max(into.ephemeralStorage, other.ephemeralStorage);
  for (const [name, value] of other.scalar) into.scalar.set(name, Math.max(into.scalar.get(name) ?? 0, value));
}

/** Sets one resource to what another list says of it. */
export function setAmount(into: Resources, name: string, from: Resources): void {
  if (name === 'cpu') into.milliCpu = from.milliCpu;
  else if (name === 'memory') into.memory = from.memory;
  else into.scalar.set(name, from.scalar.get(name) ?? 0);
}
