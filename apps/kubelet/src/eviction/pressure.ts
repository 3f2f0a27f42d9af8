import { amountIn, type Signal, type Threshold } from './thresholds';

/** What is left of something, and of how much. */
export interface Level {
  readonly available: number;
  readonly capacity: number;
}

export type Levels = Partial<Record<Signal, Level>>;

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

/** Remembered from one look to the next. */
export interface PressureState {
  /** When a threshold was first seen crossed, without a break since. */
  readonly crossedSinceMs: ReadonlyMap<Threshold, number>;
  /** When a condition was last seen. */
  readonly lastSeenMs: ReadonlyMap<PressureCondition, number>;
}

export const noPressure: PressureState = { crossedSinceMs: new Map(), lastSeenMs: new Map() };

export interface Pressure {
  readonly state: PressureState;
  /** Conditions that hold, those of late included. */
  readonly conditions: readonly PressureCondition[];
  /** Thresholds crossed for longer than their grace: something must go. Memory first, as it cannot wait. */
  readonly act: readonly Threshold[];
}

/** Compares what is left with the thresholds. A condition stays for a while after its cause has gone, so that it does not flap. */
export function assessPressure(thresholds: readonly Threshold[], levels: Levels, before: PressureState, nowMs: number, transitionMs: number): Pressure {
  const crossedSinceMs = new Map<Threshold, number>();
  for (const threshold of thresholds) {
    const level = levels[threshold.signal];
    const since = before.crossedSinceMs.get(threshold);
    if (level && isCrossed(threshold, level, since !== undefined)) crossedSinceMs.set(threshold, since ?? nowMs);
  }
  const lastSeenMs = new Map(before.lastSeenMs);
  for (const { signal } of crossedSinceMs.keys()) lastSeenMs.set(conditionOf(signal), nowMs);
  const conditions = [...lastSeenMs].filter(([, seenMs]) => seenMs === nowMs || nowMs - seenMs < transitionMs).map(([condition]) => condition);
  const act = [...crossedSinceMs].filter(([{ graceMs }, since]) => nowMs - since >= graceMs).map(([threshold]) => threshold);
  return { state: { crossedSinceMs, lastSeenMs }, conditions, act: act.sort((a, b) => Number(resourceOf(b.signal) === 'memory') - Number(resourceOf(a.signal) === 'memory')) };
}

/** One that has been crossed stays so until the minimum reclaim is free as well. */
function isCrossed({ amount, reclaim }: Threshold, { available, capacity }: Level, wasCrossed: boolean): boolean {
  return available < amountIn(amount, capacity) + (wasCrossed && reclaim ? amountIn(reclaim, capacity) : 0);
}

export function conditionOf(signal: Signal): PressureCondition {
  if (resourceOf(signal) === 'memory') return 'MemoryPressure';
  return signal === 'pid.available' ? 'PIDPressure' : 'DiskPressure';
}

/** The name that messages have for what has run low. */
export function resourceOf(signal: Signal): 'memory' | 'ephemeral-storage' | 'inodes' | 'pids' {
  if (signal === 'memory.available' || signal === 'allocatableMemory.available') return 'memory';
  if (signal === 'pid.available') return 'pids';
  return signal.endsWith('inodesFree') ? 'inodes' : 'ephemeral-storage';
}
