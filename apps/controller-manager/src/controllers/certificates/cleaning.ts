import { certificates } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { keyOfObject } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { firstFailure } from '../../errors';
import { periodicController } from '../../periodic-controller';
import { read, type RunningController } from '../../running-controller';
import { isOutdated } from './request-state';

const PERIOD_MS = 3_600_000;

/** Removes requests for certificates that nobody needs any more. */
export function certificateCleaner(context: ControllerContext): RunningController {
  const { api, clock, sources } = context;
  const requests = sources.informer(certificates.certificatesigningrequests, { alwaysWatch: true });
  const clean = async (signal: AbortSignal): Promise<void> => {
    const outdated = requests.list().filter((request) => isOutdated(request, clock.now()));
    const outcomes = await Promise.allSettled(outdated.map((request) => api.delete(certificates.certificatesigningrequests, keyOfObject(request), { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    })));
    const failure = firstFailure(outcomes);
    if (failure !== undefined) throw failure;
  };
  return periodicController({ name: 'certificatesigningrequest-cleaner-controller', periodMs: PERIOD_MS, reads: [read(requests)], work: clean }, context);
}
