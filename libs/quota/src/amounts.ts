import { addQuantities, compareQuantities, compareStrings, formatQuantity, parseQuantity, type Quantity, quantityOf, subtractQuantities } from '@navarch/apimachinery';

/** How much of each resource, by name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** As the API writes them. */
export type ResourceList = Record<string, string>;

export const noAmounts: Amounts = new Map();

export function readAmounts(list: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

export function writeAmounts(amounts: Amounts): ResourceList {
  return Object.fromEntries([...amounts].map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

/** So many of one resource. */
export const counted = (name: string, count: number): [string, Quantity] => [name, quantityOf(count)];

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  for (const [name, quantity] of b) sum.set(name, addQuantities(sum.get(name) ?? quantityOf(0), quantity));
  return sum;
}

/** What `a` has more than `b`; nothing less than zero. */
export function surplusOf(a: Amounts, b: Amounts): Amounts {
  const zero = quantityOf(0);
  return new Map([...a].map(([name, quantity]) => {
    const rest = subtractQuantities(quantity, b.get(name) ?? zero);
    return [name, rest.nanos < 0n ? { ...rest, nanos: 0n } : rest];
  }));
}

/** Those of these names. */
export function maskAmounts(amounts: Amounts, names: Iterable<string>): Amounts {
  const kept = new Map<string, Quantity>();
  for (const name of names) {
    const quantity = amounts.get(name);
    if (quantity !== undefined) kept.set(name, quantity);
  }
  return kept;
}

export function withoutZeros(amounts: Amounts): Amounts {
  return new Map([...amounts].filter(([, { nanos }]) => nanos !== 0n));
}

/** The names of which there is more than the limits allow. What is not limited is allowed. */
export function exceededOf(amounts: Amounts, limits: Amounts): string[] {
  return [...amounts].filter(([name, quantity]) => {
    const limit = limits.get(name);
    return limit !== undefined && compareQuantities(quantity, limit) > 0;
  }).map(([name]) => name);
}

/** `cpu=1,memory=2Gi`, by name. */
export function describeAmounts(amounts: Amounts): string {
  return [...amounts].sort(([a], [b]) => compareStrings(a, b)).map(([name, quantity]) => `${name}=${formatQuantity(quantity)}`).join(',');
}
