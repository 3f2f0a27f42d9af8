import { choicesOf, countOf, isIn, type NumaMask } from '../topology/numa-mask';
import { cpuSet, without, type CpuSet } from './cpu-set';
import { type CpuTopology } from './cpu-topology';
import { NotEnoughCpus, takeCpus } from './take-cpus';

/** From which banks to take, and from which of them one group more than the others. */
interface Spread {
  readonly banks: NumaMask;
  readonly more: NumaMask;
  /** How unevenly the machine's banks would be left: the standard deviation of what is free. */
  readonly imbalance: number;
}

/**
 * As `takeCpus`, but where one memory bank is not enough, evenly from as few as can do, so that no part of a parallel
 * program is slower than the others. `group`: processors that stay together. Upstream's distribute-cpus-across-numa.
 * Throws NotEnoughCpus.
 */
export function spreadCpus(topology: CpuTopology, available: CpuSet, count: number, group: number): CpuSet {
  if (available.length < count) throw new NotEnoughCpus(count, available.length);
  if (count === 0 || count % group !== 0) return takeCpus(topology, available, count);
  const numaOf = new Map(topology.cpus.map(({ id, numa }) => [id, numa]));
  const freeOn = (bank: number): CpuSet => available.filter((cpu) => numaOf.get(cpu) === bank);
  const free = new Map(topology.numaNodes.map((bank) => [bank, freeOn(bank).length]));
  const spread = bestSpread(free, count, group);
  if (!spread) return takeCpus(topology, available, count);
  const each = evenShare(count, countOf(spread.banks), group);
  const taken = topology.numaNodes.filter((bank) => isIn(bank, spread.banks)).flatMap((bank) => takeCpus(topology, freeOn(bank), each));
  let left = count - taken.length;
  while (left > 0) {
    for (const bank of topology.numaNodes.filter((each_) => isIn(each_, spread.more))) {
      const rest = without(freeOn(bank), cpuSet(taken));
      if (left === 0 || rest.length < group) continue;
      taken.push(...takeCpus(topology, rest, group));
      left -= group;
    }
  }
  return cpuSet(taken);
}

/** Fewer banks before more; of as many, those that leave the machine most even. Undefined where no choice can be even. */
function bestSpread(free: ReadonlyMap<number, number>, count: number, group: number): Spread | undefined {
  const choices = choicesOf([...free].filter(([, cpus]) => cpus > 0).map(([bank]) => bank));
  let best: Spread | undefined;
  for (const banks of choices) {
    if (best && countOf(best.banks) < countOf(banks)) break;
    const spread = spreadOver(banks, free, count, group);
    if (spread && (!best || spread.imbalance < best.imbalance)) best = spread;
  }
  return best;
}

function spreadOver(banks: NumaMask, free: ReadonlyMap<number, number>, count: number, group: number): Spread | undefined {
  const own = [...free.keys()].filter((bank) => isIn(bank, banks));
  const groups = own.reduce((sum, bank) => sum + Math.floor((free.get(bank) ?? 0) / group), 0);
  const each = evenShare(count, own.length, group);
  if (groups * group < count || own.some((bank) => (free.get(bank) ?? 0) < each)) return undefined;
  const after = new Map([...free].map(([bank, cpus]) => [bank, isIn(bank, banks) ? cpus - each : cpus]));
  const left = count - each * own.length;
  if (left === 0) return { banks, more: 0, imbalance: deviation([...after.values()]) };
  const roomy = own.filter((bank) => (after.get(bank) ?? 0) >= group);
  let best: Spread | undefined;
  for (const more of choicesOf(roomy).filter((mask) => countOf(mask) === Math.min(left / group, roomy.length))) {
    const rest = takeInTurn(after, roomy.filter((bank) => isIn(bank, more)), left, group);
    const imbalance = rest ? deviation([...rest.values()]) : Infinity;
    if (imbalance < (best?.imbalance ?? Infinity)) best = { banks, more, imbalance };
  }
  return best;
}

/** What is free after groups were taken from banks in turn; undefined when there are not enough. */
function takeInTurn(free: ReadonlyMap<number, number>, banks: readonly number[], count: number, group: number): Map<number, number> | undefined {
  const rest = new Map(free);
  let left = count;
  while (left > 0) {
    const able = banks.filter((bank) => (rest.get(bank) ?? 0) >= group);
    if (able.length === 0) return undefined;
    for (const bank of able.slice(0, left / group)) {
      rest.set(bank, (rest.get(bank) ?? 0) - group);
      left -= group;
    }
  }
  return rest;
}

const evenShare = (count: number, banks: number, group: number): number => Math.floor(count / banks / group) * group;

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // Rounded, so that what is equal is not told apart by the order of its sums.
  return Math.round(1000 * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)) / 1000;
}
