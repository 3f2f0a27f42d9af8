import { CostExceeded } from './eval-error';

/**
 * Upstream charges some calls as one step however much they go through: lists in lists that are compared, a map's key, what `%s` writes out.
 * Such work is counted besides, so that an expression ends within its time too; one that upstream's costs describe well never notices.
 */
export const WORK_PER_COST = 4;

let left = Number.POSITIVE_INFINITY;

/** Counts steps of about ten nanoseconds. @throws CostExceeded when the running evaluation has done too many */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new CostExceeded();
}

/** Runs an evaluation, which never leaves the thread, with so much work to spend. */
export function withWork<T>(steps: number, evaluate: () => T): T {
  const outer = left;
  left = steps;
  try {
    return evaluate();
  } finally {
    left = outer;
  }
}
