import type { batchv1 } from '@navarch/api';
import { isFinished } from '../job/conditions';

/** Milliseconds until a finished Job may be removed, negative from then on; undefined for one that stays. */
export function untilExpiryMs(job: batchv1.Job, nowMs: number): number | undefined {
  const { metadata, spec, status } = job;
  if (metadata.deletionTimestamp !== undefined || spec?.ttlSecondsAfterFinished === undefined || !isFinished(job)) return undefined;
  const end = status?.conditions?.find(({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True')?.lastTransitionTime;
  return end === undefined ? undefined : Date.parse(end) + spec.ttlSecondsAfterFinished * 1000 - nowMs;
}
