import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { keyOfObject, type ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { repeat } from '../../repeat';
import type { RunningController } from '../../running-controller';
import { INVALID_SINCE, planCleaning } from './unused-tokens';

const NAME = 'legacy_service_account_token_cleaner';
const DAY_MS = 24 * 60 * 60 * 1000;
const TRACKING = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };

interface Sources {
  readonly secrets: ObjectSource<corev1.Secret>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly accounts: ObjectSource<corev1.ServiceAccount>;
}

/** One round over all tokens in Secrets. */
async function clean({ api, clock, config, log }: ControllerContext, { secrets, pods, accounts }: Sources, signal: AbortSignal): Promise<void> {
  const tracking = await api.get(core.configmaps, TRACKING, { signal }).catch(unlessGone);
  const plan = planCleaning({
    secrets: secrets.list(), pods: pods.list(), account: (key) => accounts.get(key),
    trackedSince: tracking?.data?.['since'], nowMs: clock.now(), periodMs: config.legacyServiceAccountTokenCleanUpPeriod,
  });
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  for (const { metadata } of plan.invalidate) {
    const { uid, resourceVersion } = metadata;
    await api.patch(core.secrets, keyOfObject({ metadata }), 'merge', { metadata: { uid, resourceVersion, labels: { [INVALID_SINCE]: today } } }, { signal }).catch(unlessGone);
    log.info({ namespace: metadata.namespace, secret: metadata.name }, 'unused token of a service account marked as invalid');
  }
  for (const { metadata } of plan.remove) {
    const { uid = '', resourceVersion = '' } = metadata;
    await api.delete(core.secrets, keyOfObject({ metadata }), { signal, preconditions: { uid, resourceVersion } }).catch(unlessGone);
    log.info({ namespace: metadata.namespace, secret: metadata.name }, 'invalid token of a service account removed');
  }
}

/** What was changed or removed meanwhile is looked at in the next round. */
function unlessGone(error: unknown): undefined {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

/** Marks tokens in Secrets that nobody uses as invalid, and removes them later. Looks once a day. */
export function legacyTokenCleaner(context: ControllerContext): RunningController {
  const { sources, clock, log } = context;
  const read: Sources = { secrets: sources.informer(core.secrets, { alwaysWatch: true }), pods: sources.informer(core.pods), accounts: sources.informer(core.serviceaccounts, { alwaysWatch: true }) };
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  return {
    name: NAME,
    async start() {
      await Promise.all([read.secrets, read.pods, read.accounts].map((source) => source.waitForSync(stopping.signal)));
      running ??= repeat(NAME, DAY_MS, (signal) => clean(context, read, signal), { clock, log }, stopping.signal);
    },
    async stop() {
      stopping.abort(new Error(`${NAME} stopped`));
      await running;
    },
  };
}
