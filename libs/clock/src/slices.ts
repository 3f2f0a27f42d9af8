export interface SliceOptions {
  /** Stops the loop: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long one slice may hold the thread. */
  readonly budgetMs?: number;
}

/** Reading the clock costs about 50 ns; every 16th item keeps that invisible and a slice still short. */
const ITEMS_PER_LOOK = 16;

/**
 * Runs `fn` for every item in slices of 5 ms, yielding the thread in between: the only way to loop over more than
 * a thousand objects. What `items` iterates over may change meanwhile, so pass a snapshot when that matters.
 */
export async function slices<T>(items: Iterable<T>, fn: (item: T, index: number) => void, options: SliceOptions = {}): Promise<void> {
  const { signal, budgetMs = 5 } = options;
  signal?.throwIfAborted();
  let index = 0;
  let end = performance.now() + budgetMs;
  for (const item of items) {
    fn(item, index++);
    if (index % ITEMS_PER_LOOK === 0 && performance.now() >= end) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      end = performance.now() + budgetMs;
    }
  }
}
