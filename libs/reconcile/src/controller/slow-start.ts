/**
 * Runs `action` `count` times in batches that double while they succeed, so that a quota or a broken webhook is met
 * with a few refusals, not with thousands. Answers how many succeeded, and the first failure.
 */
export async function slowStart(count: number, action: (index: number) => Promise<unknown>, initialBatch = 1): Promise<{ succeeded: number; error?: unknown; skipped: number }> {
  let started = 0;
  let succeeded = 0;
  for (let batch = Math.min(count, initialBatch); batch > 0; batch = Math.min(2 * batch, count - started)) {
    const first = started;
    started += batch;
    const outcomes = await Promise.allSettled(Array.from({ length: batch }, (_, index) => action(first + index)));
    succeeded += outcomes.filter(({ status }) => status === 'fulfilled').length;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) return { succeeded, error: failed.reason as unknown, skipped: count - started };
  }
  return { succeeded, skipped: 0 };
}
