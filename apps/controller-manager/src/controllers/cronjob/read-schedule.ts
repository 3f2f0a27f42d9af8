import { cronScheduleError, type batchv1 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';
import { cronSchedule, type Schedule } from './schedule';
import { isZone } from './wall-clock';

export interface ReadSchedule {
  /** Undefined when it cannot be read. */
  readonly schedule?: Schedule;
  /** What its owner is to be warned of. */
  readonly warning?: { readonly reason: string; readonly message: string };
}

/** A zone before the schedule itself: no longer taken, though kept where it was stored before. */
const IN_ZONE = /^(?:CRON_)?TZ=(\S+) +(.*)$/;

/** The schedule of a CronJob, as upstream's formatSchedule and the parser behind it read it. */
export function readSchedule({ schedule: text, timeZone }: batchv1.CronJobSpec): ReadSchedule {
  const [, zone = timeZone, bare = text] = IN_ZONE.exec(text) ?? [];
  const error = zone !== undefined && !isZone(zone) ? `provided bad location ${zone}: unknown time zone ${zone}` : cronScheduleError(bare);
  if (error !== undefined) return { warning: { reason: 'UnparseableSchedule', message: `unparseable schedule: ${goQuote(text)} : ${error}` } };
  const schedule = cronSchedule(bare, zone);
  if (!text.includes('TZ')) return { schedule };
  const message = `CRON_TZ or TZ used in schedule ${goQuote(text)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`;
  return { schedule, warning: { reason: 'UnsupportedSchedule', message } };
}
