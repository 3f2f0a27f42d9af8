import { certificates, type certificatesv1beta1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { keyOfObject } from '@navarch/reconcile';
import { firstFailure } from '../../errors';
import { periodicController } from '../../periodic-controller';
import { read } from '../../running-controller';
import { whereServed } from '../../where-served';

const NAME = 'podcertificaterequest-cleaner-controller';
// Both times are those of cmd/kube-controller-manager/app/certificates.go upstream.
const PERIOD_MS = 5 * 60_000;
/** Longer than a pod's certificate ever takes, from request to issue or refusal. */
const LIFE_MS = 15 * 60_000;

/** Whether a request is to be removed, whatever came of it: by its age alone, as in pkg/controller/certificates/cleaner/pcrcleaner.go. */
function isPastUse({ metadata }: certificatesv1beta1.PodCertificateRequest, nowMs: number): boolean {
  return nowMs >= Date.parse(metadata.creationTimestamp ?? '') + LIFE_MS;
}

/** Removes requests of pods for certificates a while after they were made. */
export const podCertificateRequestCleaner = whereServed({ name: NAME, types: [certificates.podcertificaterequests], create: (context, type) => {
  const { api, clock, sources } = context;
  const requests = sources.informer(type);
  const clean = async (signal: AbortSignal): Promise<void> => {
    const outdated = requests.list().filter((request) => isPastUse(request, clock.now()));
    const outcomes = await Promise.allSettled(outdated.map((request) => {
      const { uid } = request.metadata;
      return api.delete(type, keyOfObject(request), { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }));
    const failure = firstFailure(outcomes);
    if (failure !== undefined) throw failure;
  };
  return periodicController({ name: NAME, periodMs: PERIOD_MS, reads: [read(requests)], work: clean }, context);
} });
