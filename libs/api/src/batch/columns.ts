import { parseTime } from '@navarch/apimachinery';
import { type Cell } from '../columns/cell';
import { containerColumns, formatSelector, none } from '../columns/format';
import { humanDuration } from '../columns/human-duration';
import { ageColumn, column, countColumn, nameColumn, type Printer, printer, wideColumn } from '../columns/printer';
import type { batchv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Job = Loose<batchv1.Job>;
type CronJob = Loose<batchv1.CronJob>;

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration({ status }: Job): Cell {
  const { startTime, completionTime } = status ?? {};
  if (startTime === undefined) return '';
  if (completionTime === undefined) return { age: startTime };
  return humanDuration((parseTime(completionTime) ?? 0) - (parseTime(startTime) ?? 0));
}

function jobStatus({ metadata, status }: Job): string {
  const has = (type: string): boolean => list(status?.conditions).some((condition) => condition.type === type && condition.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata?.deletionTimestamp) return 'Terminating';
  if (has('Suspended')) return 'Suspended';
  if (has('FailureTarget')) return 'FailureTarget';
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

/** By `<group>/<resource>`. */
export const batchColumns: Readonly<Record<string, Printer>> = {
  'batch/cronjobs': printer<CronJob>([
    nameColumn(),
    column('Schedule', ({ spec }) => spec?.schedule ?? ''),
    column('Timezone', ({ spec }) => spec?.timeZone ?? none),
    column('Suspend', ({ spec }) => (spec?.suspend ? 'True' : 'False'), { type: 'boolean' }),
    countColumn('Active', ({ status }) => list(status?.active).length),
    column('Last Schedule', ({ status }) => (status?.lastScheduleTime === undefined ? none : { age: status.lastScheduleTime })),
    ageColumn(),
    ...containerColumns<CronJob>(({ spec }) => spec?.jobTemplate?.spec?.template?.spec?.containers),
    wideColumn('Selector', ({ spec }) => formatSelector(spec?.jobTemplate?.spec?.selector)),
  ]),
  'batch/jobs': printer<Job>([
    nameColumn(),
    column('Status', jobStatus),
    column('Completions', completions),
    column('Duration', duration),
    ageColumn(),
    ...containerColumns<Job>(({ spec }) => spec?.template?.spec?.containers),
    wideColumn('Selector', ({ spec }) => formatSelector(spec?.selector)),
  ]),
};
