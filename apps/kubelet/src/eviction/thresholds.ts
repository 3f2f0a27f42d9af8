import { parseDuration } from '@navarch/component-base';
import { wholeValue } from '../quantities';

/** What a node can run out of. */
export const signals = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'containerfs.available',
  'containerfs.inodesFree',
  'pid.available',
  'allocatableMemory.available',
] as const;
export type Signal = (typeof signals)[number];

/** Upstream's. */
export const defaultEvictionHard = 'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%';

/** Thresholds with the defaults of those that they do not name: upstream's mergeDefaultEvictionSettings. */
export function withDefaults(hard: string): string {
  const named = new Set(hard.split(',').map((part) => part.split('<')[0]?.trim()));
  return [...hard.split(','), ...defaultEvictionHard.split(',').filter((part) => !named.has(part.split('<')[0]))].filter((part) => part !== '').join();
}

/** A quantity, or a share of the whole, such as `100Mi` or `10%`. */
export type Amount = { readonly quantity: string } | { readonly percent: number };

export interface Threshold {
  readonly signal: Signal;
  readonly amount: Amount;
  /** How long it must be crossed before pods are evicted; 0 for a hard one. */
  readonly graceMs: number;
  /** How much more than the threshold is freed once it has been crossed. */
  readonly reclaim?: Amount;
}

export interface ThresholdFlags {
  /** `signal<amount`, comma-separated: upstream's --eviction-hard. */
  readonly hard: string;
  readonly soft: string;
  /** `signal=duration`. */
  readonly softGrace: Readonly<Record<string, string>>;
  /** `signal=amount`. */
  readonly minimumReclaim: Readonly<Record<string, string>>;
}

/** Reads upstream's eviction flags; throws an Error that names the flag that makes no sense. */
export function parseThresholds({ hard, soft, softGrace, minimumReclaim }: ThresholdFlags): Threshold[] {
  const reclaims = new Map(Object.entries(minimumReclaim).map(([signal, amount]) => [signalOf(signal, 'eviction-minimum-reclaim'), amountOf(amount, 'eviction-minimum-reclaim')]));
  const make = (flag: string, text: string, graceMs: (signal: Signal) => number): Threshold[] => text.split(',').filter((part) => part !== '').map((part) => {
    const [name, amount, ...more] = part.split('<');
    if (name === undefined || amount === undefined || more.length > 0) throw new Error(`--${flag}: invalid eviction threshold syntax ${part}, expected <signal><operator><value>`);
    const signal = signalOf(name, flag);
    const reclaim = reclaims.get(signal);
    return { signal, amount: amountOf(amount, flag), graceMs: graceMs(signal), ...(reclaim ? { reclaim } : {}) };
  }).filter(({ amount }) => !('percent' in amount) || (amount.percent > 0 && amount.percent < 100));
  const thresholds = [
    ...make('eviction-hard', hard, () => 0),
    ...make('eviction-soft', soft, (signal) => {
      const grace = softGrace[signal];
      if (grace === undefined) throw new Error(`--eviction-soft: grace period must be specified for the soft eviction threshold ${signal}`);
      const ms = parseDuration(grace);
      if (ms === undefined || ms < 0) throw new Error(`--eviction-soft-grace-period: invalid duration ${grace}`);
      return ms;
    }),
  ];
  for (const isHard of [true, false]) {
    const names = thresholds.filter(({ graceMs }) => (graceMs === 0) === isHard).map(({ signal }) => signal);
    const twice = names.find((signal, index) => names.indexOf(signal) !== index);
    if (twice) throw new Error(`--eviction-${isHard ? 'hard' : 'soft'}: found duplicate eviction threshold for signal ${twice}`);
  }
  return thresholds;
}

/** Where the kernel holds pods together to what the node may give, what keeps the node's memory free keeps theirs free too. */
export function withAllocatableMemory(thresholds: readonly Threshold[]): Threshold[] {
  const memory = thresholds.filter(({ signal, graceMs }) => signal === 'memory.available' && graceMs === 0);
  return [...thresholds, ...memory.map((threshold) => ({ ...threshold, signal: 'allocatableMemory.available' as const }))];
}

/** An amount in the signal's unit: bytes, inodes or processes. */
export function amountIn(amount: Amount, capacity: number): number {
  return 'percent' in amount ? (capacity * amount.percent) / 100 : wholeValue(amount.quantity);
}

function signalOf(text: string, flag: string): Signal {
  const signal = signals.find((candidate) => candidate === text.trim());
  if (!signal) throw new Error(`--${flag}: unsupported eviction signal ${text}`);
  return signal;
}

function amountOf(text: string, flag: string): Amount {
  if (!text.endsWith('%')) {
    if (wholeValue(text) < 0) throw new Error(`--${flag}: eviction threshold quantity must be positive: ${text}`);
    return { quantity: text };
  }
  const percent = Number(text.slice(0, -1));
  if (!(percent >= 0 && percent <= 100)) throw new Error(`--${flag}: eviction percentage threshold ${text} must be between 0% and 100%`);
  return { percent };
}
