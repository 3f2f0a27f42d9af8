import { sleepOn, type Clock, type Timer } from './clock';

/** Node turns a longer delay into 1 ms, so that long waits go in steps. */
const LONGEST_STEP_MS = 2 ** 31 - 1;

function startTimer(fn: () => void, ms: number): Timer {
  let handle: NodeJS.Timeout;
  const step = (left: number): void => {
    handle =
      left > LONGEST_STEP_MS
        ? setTimeout(() => {
            step(left - LONGEST_STEP_MS);
          }, LONGEST_STEP_MS)
        : setTimeout(fn, Math.max(0, left));
  };
  step(ms);
  return {
    cancel: () => {
      clearTimeout(handle);
    },
  };
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: startTimer,
  sleep: (ms, signal) => sleepOn({ setTimeout: startTimer }, ms, signal),
};
