import type { Clock } from '@navarch/clock';
import { WebhookStatusError } from '../../services/kubeconfig-endpoint';

/** Upstream's. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
const FACTOR = 1.5;
const JITTER = 0.2;
/** A request has a minute in all. */
const NO_LATER_THAN_MS = 30_000;
const PASSING = new Set([429, 500, 504]);

/** Whether asking again may help: the connection has gone, as an idle one does when its server restarts, or the server says so. */
function mayPass(error: unknown): boolean {
  if (error instanceof WebhookStatusError) return PASSING.has(error.status) || error.saysWhenAgain;
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

/** Five times in all, with growing pauses, while what is wrong may pass. @throws what was wrong last */
export async function askingAgain<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  const until = clock.now() + NO_LATER_THAN_MS;
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const pause = pauseMs * (1 + Math.random() * JITTER);
      if (attempt === ATTEMPTS || !mayPass(error) || clock.now() + pause > until) throw error;
      await clock.sleep(pause);
      pauseMs *= FACTOR;
    }
  }
}
