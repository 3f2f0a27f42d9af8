import { wholeValue } from '../quantities';

/** Bytes kept from pods, by memory bank and resource. */
export type ReservedMemory = ReadonlyMap<number, Readonly<Record<string, number>>>;

/** Reads upstream's --reserved-memory, such as `0:memory=1Gi,hugepages-2Mi=64Mi;1:memory=2Gi`; throws an Error that names it. */
export function parseReservedMemory(text: string): ReservedMemory {
  const reserved = new Map<number, Record<string, number>>();
  for (const part of text.split(';').filter((each) => each !== '')) {
    const [, node, list] = /^(\d+):(.+)$/.exec(part) ?? [];
    if (node === undefined || list === undefined) throw new Error(`--reserved-memory: ${part} is not node:resource=quantity`);
    if (reserved.has(Number(node))) throw new Error(`--reserved-memory: duplicate value for NUMA node ${node}`);
    reserved.set(Number(node), Object.fromEntries(list.split(',').map((pair): [string, number] => {
      const [, name, quantity] = /^(memory|hugepages-[^=]+)=(.+)$/.exec(pair) ?? [];
      if (name === undefined || quantity === undefined) throw new Error(`--reserved-memory: ${pair} is neither memory nor huge pages`);
      return [name, wholeValue(quantity)];
    })));
  }
  return reserved;
}

/** The banks together must keep exactly what the node keeps; throws an Error in upstream's words otherwise. */
export function checkReservedMemory(reserved: ReservedMemory, kept: Readonly<Record<string, number>>): void {
  for (const [name, bytes] of Object.entries(kept)) {
    const sum = [...reserved.values()].reduce((total, bank) => total + (bank[name] ?? 0), 0);
    if (sum !== bytes) {
      throw new Error(
        `the total amount ${JSON.stringify(String(sum))} of type ${JSON.stringify(name)} is not equal to the value ${JSON.stringify(String(bytes))} determined by Node Allocatable feature`,
      );
    }
  }
}
