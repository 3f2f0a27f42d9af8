import type { batchv1 } from '@navarch/api';
import type { Schedule } from './schedule';

/** So many missed times hint at a clock that jumped or a controller that was away for long. */
const TOO_MANY = 100;
const NEXT_DELTA_MS = 100;

export interface MissedTimes {
  /** The last time that has come and was not met; undefined when there is none. */
  readonly latestMs?: number;
  readonly tooMany: boolean;
}

/**
 * The times since the last start that have come. They are counted roughly, by the distance between the first two, so
 * that a long absence costs no more than a short one.
 */
export function missedTimes(cronJob: batchv1.CronJob, schedule: Schedule, nowMs: number): MissedTimes {
  return missedSince(earliestMs(cronJob, nowMs), schedule, nowMs);
}

/**
 * The next time to come, after the last that has come: an interval begins where the last one ended, however late that was looked at
 * (upstream's nextScheduleTimeDuration). A clock that was set back is not waited for, lest it be set right meanwhile. Undefined when there
 * is none.
 */
export function nextTime(cronJob: batchv1.CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const sinceMs = lastMs(cronJob, nowMs);
  return schedule.next(Math.min(missedSince(sinceMs, schedule, nowMs).latestMs ?? sinceMs, nowMs));
}

/** How long it is until then, and a little longer, lest a coarse clock finds that it has not yet come. */
export function untilNext(cronJob: batchv1.CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const nextMs = nextTime(cronJob, schedule, nowMs);
  return nextMs === undefined ? undefined : nextMs - nowMs + NEXT_DELTA_MS;
}

function missedSince(sinceMs: number, schedule: Schedule, nowMs: number): MissedTimes {
  const none: MissedTimes = { tooMany: false };
  const firstMs = schedule.next(sinceMs);
  if (firstMs === undefined || firstMs > nowMs) return none;
  const secondMs = schedule.next(firstMs);
  if (secondMs === undefined || secondMs > nowMs) return { latestMs: firstMs, tooMany: false };
  const distanceMs = secondMs - firstMs;
  const count = Math.floor((nowMs - firstMs) / distanceMs) + 1;
  // From a little before the estimate; for uneven schedules the estimate may be wrong, then from further back.
  let latestMs = firstMs;
  for (let fromMs = Math.max(firstMs, firstMs + (count - 2) * distanceMs); ; fromMs = Math.max(firstMs, nowMs - 2 * (nowMs - fromMs) - distanceMs)) {
    let at = schedule.next(fromMs);
    let found = false;
    for (; at !== undefined && at <= nowMs; at = schedule.next(at)) {
      latestMs = at;
      found = true;
    }
    if (found || fromMs <= firstMs) break;
  }
  return { latestMs, tooMany: count > TOO_MANY };
}

/** Times before this are not looked for: those already met, and those that would be started too late. */
function earliestMs(cronJob: batchv1.CronJob, nowMs: number): number {
  const { startingDeadlineSeconds } = cronJob.spec;
  const sinceMs = lastMs(cronJob, nowMs);
  return startingDeadlineSeconds === undefined ? sinceMs : Math.max(sinceMs, nowMs - startingDeadlineSeconds * 1000);
}

/** The last time that was met, or when it was made. */
function lastMs({ metadata, status }: batchv1.CronJob, nowMs: number): number {
  return Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '') || nowMs;
}
