import { addQuantities, compareQuantities, formatQuantity, type Quantity, subtractQuantities } from '@navarch/apimachinery';
import { entries } from '../support/list';
import { readQuantity } from '../support/quantity';

/** Amounts by the name of what is counted. */
export type Amounts = ReadonlyMap<string, Quantity>;

export function parseAmounts(resources: Readonly<Record<string, string>> | null | undefined): Amounts {
  const amounts = new Map<string, Quantity>();
  for (const [name, text] of entries(resources)) {
    const quantity = readQuantity(text);
    if (quantity !== undefined) amounts.set(name, quantity);
  }
  return amounts;
}

/** As the API writes them, by name. */
export function formatAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(sorted(amounts).map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

/** `cpu=1,pods=2`, as messages write them. */
export function describeAmounts(amounts: Amounts): string {
  return sorted(amounts).map(([name, quantity]) => `${name}=${formatQuantity(quantity)}`).join(',');
}

const sorted = (amounts: Amounts): [string, Quantity][] => [...amounts].sort(([a], [b]) => (a < b ? -1 : 1));

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  for (const [name, quantity] of b) {
    const known = sum.get(name);
    sum.set(name, known === undefined ? quantity : addQuantities(known, quantity));
  }
  return sum;
}

/** May go below zero; a name that only `b` has counts from zero. */
export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  const difference = new Map(a);
  for (const [name, quantity] of b) difference.set(name, subtractQuantities(difference.get(name) ?? { ...quantity, nanos: 0n }, quantity));
  return difference;
}

/** Only those of these names. */
export function maskAmounts(amounts: Amounts, names: Iterable<string>): Amounts {
  const wanted = new Set(names);
  return new Map([...amounts].filter(([name]) => wanted.has(name)));
}

/** Same names with amounts of the same size, however they are written. */
export function sameAmounts(a: Amounts, b: Amounts): boolean {
  return a.size === b.size && [...a].every(([name, quantity]) => {
    const other = b.get(name);
    return other !== undefined && compareQuantities(quantity, other) === 0;
  });
}

/** Names of which there is more than `most` says; what it does not name is not bounded. */
export function namesAbove(amounts: Amounts, most: Amounts): string[] {
  return [...amounts.keys()].filter((name) => {
    const bound = most.get(name);
    return bound !== undefined && compareQuantities(amounts.get(name) ?? bound, bound) > 0;
  }).sort();
}
