/** Memory banks (NUMA nodes) as bits of a number. */
export type NumaMask = number;

/** Upstream's limit, unless max-allowable-numa-nodes says more. */
export const maxNumaNodes = 8;
/** All choices of more would not fit the memory. */
export const mostNumaNodes = 16;

export function maskOf(nodes: Iterable<number>): NumaMask {
  let mask = 0;
  for (const node of nodes) mask |= 1 << node;
  return mask;
}

export function countOf(mask: NumaMask): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest &= rest - 1) count++;
  return count;
}

export function isIn(node: number, mask: NumaMask): boolean {
  return (mask & (1 << node)) !== 0;
}

/** Every choice of at least one node, smaller choices first. */
export function choicesOf(nodes: readonly number[]): NumaMask[] {
  const all = maskOf(nodes);
  const choices = Array.from({ length: all }, (_, index) => index + 1).filter((mask) => (mask & ~all) === 0);
  return choices.sort((a, b) => countOf(a) - countOf(b) || a - b);
}
