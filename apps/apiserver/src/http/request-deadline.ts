import { badRequest, goQuote, timeout } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { parseDuration } from '@navarch/component-base';

/** How long a request may take: as its query says, at most what the server allows. @throws badRequest */
export function requestTimeoutMs(query: URLSearchParams, maximumMs: number): number {
  const text = query.get('timeout');
  if (text === null) return maximumMs;
  const asked = parseDuration(text);
  if (asked === undefined) throw badRequest(`invalid timeout specified in the request URL - time: ${/^[+-]?[\d.]+$/.test(text) ? 'missing unit in' : 'invalid'} duration ${goQuote(text)}`);
  return asked <= 0 || asked > maximumMs ? maximumMs : asked;
}

/**
 * Waits for work as long as it may take. Work that is late goes on by itself: `onLate` is told how it ended.
 * @throws timeout, as upstream's timeout filter answers
 */
export async function within(work: Promise<void>, ms: number, clock: Clock, onLate: (error: unknown) => void): Promise<void> {
  let expire: () => void = () => undefined;
  const late = new Promise<'late'>((resolve) => (expire = () => resolve('late')));
  const timer = clock.setTimeout(() => expire(), ms);
  try {
    if ((await Promise.race([work, late])) !== 'late') return;
  } finally {
    timer.cancel();
  }
  work.then(() => onLate(undefined), onLate);
  throw timeout('request did not complete within the allotted timeout');
}
