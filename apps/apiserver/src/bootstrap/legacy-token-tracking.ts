import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists, isConflict } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { ObjectWriter, PostStartHook } from '../pipeline';

const NAMESPACE = 'kube-system';
const NAME = 'kube-apiserver-legacy-service-account-token-tracking';
const A_DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Notes since when uses of tokens in Secrets are marked: the cleaner removes none before it has seen a whole period.
 * As upstream's pkg/controlplane/controller/legacytokentracking, whose name the hook has.
 */
export function legacyTokenTracking(writer: ObjectWriter, clock: Clock): PostStartHook {
  return { name: 'start-legacy-token-tracking-controller', run: () => note(writer, new Date(clock.now()).toISOString().slice(0, 10)) };
}

async function note(writer: ObjectWriter, today: string): Promise<void> {
  const found = await writer.get(core.configmaps, NAMESPACE, NAME);
  const data = { since: today };
  try {
    if (found === undefined) await writer.create(core.configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: NAMESPACE, name: NAME }, data });
    // Nobody can have marked uses since tomorrow.
    else if (!isDayUntil(found, today)) await writer.update(core.configmaps, { ...found, data });
  } catch (error) {
    // Another apiserver that starts now notes the same.
    if (!isAlreadyExists(error) && !isConflict(error)) throw error;
  }
}

function isDayUntil({ data }: corev1.ConfigMap, today: string): boolean {
  const since = data?.['since'] ?? '';
  return A_DAY.test(since) && !Number.isNaN(Date.parse(since)) && since <= today;
}
