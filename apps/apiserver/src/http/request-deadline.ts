import { badRequest, goQuote, timeout } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { parseDuration } from '@navarch/component-base';

/** How long a request may take: as its query says, at most what the server allows. @throws badRequest */
export function requestTimeoutMs(query: URLSearchParams, maximumMs: number): number {
  const text = query.get('timeout');
  if (text === null || text === '') return maximumMs;
  const asked = parseDuration(text);
  if (asked === undefined) throw badRequest(`invalid timeout specified in the request URL - time: ${/^[+-]?[\d.]+$/.test(text) ? 'missing unit in' : 'invalid'} duration ${goQuote(text)}`);
  return asked <= 0 || asked > maximumMs ? maximumMs : asked;
}

/** What becomes of work that takes too long. */
export interface Lateness {
  expired(reason: Error): void;
  /** Undefined when it came to a good end. */
  ended(error: unknown): void;
}

/**
 * Waits for work as long as it may take. Work that is late is told to give up, and goes on by itself until it does: `ended` hears of that.
 * @throws timeout, as upstream's timeout filter answers
 */
export function within(work: Promise<void>, ms: number, clock: Clock, late: Lateness): Promise<void> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = clock.setTimeout(() => {
      isLate = true;
      const error = timeout('request did not complete within the allotted timeout');
      late.expired(error);
      reject(error);
    }, ms);
    work.then(() => {
      timer.cancel();
      if (isLate) late.ended(undefined);
      else resolve();
    }, (error: unknown) => {
      timer.cancel();
      if (isLate) late.ended(error);
      // To fail as the work did.
      else resolve(work);
    });
  });
}
