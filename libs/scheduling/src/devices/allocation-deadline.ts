/** How many devices are tried between two looks at the clock, which costs more than most of them. */
const triesPerLook = 64;
const code = 'AllocationTimedOut';

/** Throws, when it is called, once `timeoutMs` have gone by; undefined where there is no limit, or no clock. */
export function outOfTimeAfter(timeoutMs: number, monotonic: (() => number) | undefined): (() => void) | undefined {
  if (timeoutMs <= 0 || monotonic === undefined) return undefined;
  const end = monotonic() + timeoutMs;
  let tries = 0;
  return () => {
    if (tries++ % triesPerLook === 0 && monotonic() > end) throw Object.assign(new Error('timed out trying to allocate devices'), { code });
  };
}

export function ranOutOfTime(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === code;
}
