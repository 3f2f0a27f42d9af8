import { batch, core, type batchv1 } from '@navarch/api';
import { serviceUnavailable } from '@navarch/apimachinery';
import * as fc from 'fast-check';
import { ControllerWorld } from '../../testing/controller-world';
import { cronJobController } from './controller';

const cronJob = (spec: Partial<batchv1.CronJobSpec> = {}): batchv1.CronJob => ({
  metadata: { name: 'tick', namespace: 'default' },
  spec: { schedule: '*/5 * * * *', timeZone: 'UTC', concurrencyPolicy: 'Allow', successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, jobTemplate: { metadata: { labels: { from: 'tick' } }, spec: { template: {} } }, ...spec },
});
const MINUTE = 60_000;

describe('CronJobs', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const run = async (object = cronJob()): Promise<void> => {
    world.create(batch.cronjobs, object);
    await world.run(cronJobController);
  };
  const later = async (ms: number): Promise<void> => {
    await world.clock.advance(ms);
    await world.settle();
  };
  const tick = (): batchv1.CronJob => world.get(batch.cronjobs, 'tick');
  const jobs = (): batchv1.Job[] => world.all(batch.jobs);
  const active = (): (string | undefined)[] => (tick().status?.active ?? []).map(({ name }) => name);
  const end = async (name: string, type: 'Complete' | 'Failed'): Promise<void> => {
    const now = new Date(world.clock.now()).toISOString().replace('.000', '');
    world.change(batch.jobs, name, (job) => (job.status = { startTime: now, ...(type === 'Complete' ? { completionTime: now } : {}), conditions: [{ type, status: 'True', lastTransitionTime: now }] }), 'status');
    await world.settle();
  };
  const nameAt = (text: string): string => `tick-${Date.parse(text) / MINUTE}`;

  it('start a Job at each of their times, named and marked by it', async () => {
    await run();
    await later(5 * MINUTE);
    expect(jobs()).toEqual([]);
    await later(1_000);
    const [job] = jobs();
    expect(job?.metadata).toMatchObject({
      name: nameAt('2026-01-01T00:05:00Z'), labels: { from: 'tick' }, annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:05:00Z' }, ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
    });
    expect(tick().status).toMatchObject({ lastScheduleTime: '2026-01-01T00:05:00Z', active: [{ apiVersion: 'batch/v1', kind: 'Job', name: job?.metadata.name, namespace: 'default', uid: job?.metadata.uid }] });
    await end(job?.metadata.name ?? '', 'Complete');
    expect(active()).toEqual([]);
    expect(tick().status?.lastSuccessfulTime).toBe('2026-01-01T00:05:01Z');
    expect(world.eventsOf('tick')).toEqual([`SuccessfulCreate: Created job ${job?.metadata.name ?? ''}`, `SawCompletedJob: Saw completed job: ${job?.metadata.name ?? ''}, condition: Complete`]);
    await later(5 * MINUTE);
    expect(jobs()).toHaveLength(2);
  });

  it.each([
    { policy: 'Allow', left: 3, events: 0, event: 'JobAlreadyActive' },
    { policy: 'Forbid', left: 1, events: 1, event: 'JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid' },
    { policy: 'Replace', left: 1, events: 2, event: 'SuccessfulDelete: Deleted job tick-' },
  ])('handle what still runs by concurrencyPolicy $policy', async ({ policy, left, events, event }) => {
    await run(cronJob({ concurrencyPolicy: policy }));
    await later(16 * MINUTE);
    expect(jobs()).toHaveLength(left);
    expect(active()).toHaveLength(left);
    const counted = world.all(core.events).filter(({ reason = '', message = '' }) => `${reason}: ${message}`.startsWith(event));
    expect(counted.length).toBe(events);
  });

  it('start nothing when they are suspended, and only the latest missed time when they are resumed', async () => {
    await run(cronJob({ suspend: true }));
    await later(62 * MINUTE);
    expect(jobs()).toEqual([]);
    world.change(batch.cronjobs, 'tick', (object) => (object.spec.suspend = false));
    await world.settle();
    expect(jobs().map(({ metadata }) => metadata.name)).toEqual([nameAt('2026-01-01T01:00:00Z')]);
  });

  it('start nothing that is later than their deadline', async () => {
    await run(cronJob({ suspend: true, startingDeadlineSeconds: 60 }));
    await later(62 * MINUTE);
    world.change(batch.cronjobs, 'tick', (object) => (object.spec.suspend = false));
    await world.settle();
    expect(jobs()).toEqual([]);
    await later(4 * MINUTE);
    expect(jobs()).toHaveLength(1);
  });

  it('say so when they missed very many times', async () => {
    await run(cronJob({ suspend: true, schedule: '* * * * *' }));
    await later(102 * MINUTE);
    world.change(batch.cronjobs, 'tick', (object) => (object.spec.suspend = false));
    await world.settle();
    expect(world.eventsOf('tick')).toContain('TooManyMissedTimes: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew');
    expect(jobs()).toHaveLength(1);
  });

  it('keep as many ended Jobs as asked for', async () => {
    await run(cronJob({ successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 }));
    await later(1_000);
    for (let turn = 0; turn < 8; turn++) {
      await later(5 * MINUTE);
      await end(active()[0] ?? '', turn % 2 === 0 ? 'Complete' : 'Failed');
    }
    const ended = (type: string): number => jobs().filter(({ status }) => status?.conditions?.some((condition) => condition.type === type)).length;
    expect([ended('Complete'), ended('Failed')]).toEqual([2, 1]);
  });

  it('whose times are changed start at the next of them, and none that they would have missed', async () => {
    await run(cronJob({ schedule: '50 * * * *' }));
    await later(30 * MINUTE);
    world.change(batch.cronjobs, 'tick', (object) => (object.spec.schedule = '10,40 * * * *'));
    await world.settle();
    expect(jobs()).toEqual([]);
    await later(10 * MINUTE + 1_000);
    expect(jobs().map(({ metadata }) => metadata.name)).toEqual([nameAt('2026-01-01T00:40:00Z')]);
  });

  it.each([
    { policy: 'Allow', started: 3 },
    { policy: 'Replace', started: 1 },
  ])('with $policy start a Job though old ones cannot be removed, though not in the place of one that cannot', async ({ policy, started }) => {
    await run(cronJob({ concurrencyPolicy: policy, successfulJobsHistoryLimit: 0 }));
    const made = new Set<string>();
    world.api.onEvent(({ resource, object }) => void (resource === 'batch/jobs' && made.add(object.metadata.name ?? '')));
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'delete') throw serviceUnavailable('not now');
    };
    await later(6 * MINUTE);
    if (policy === 'Allow') await end(nameAt('2026-01-01T00:05:00Z'), 'Complete');
    await later(10 * MINUTE);
    expect(made.size).toBe(started);
    expect(world.eventsOf('tick')).toContain('FailedDelete: Deleted job: not now');
  });

  it.each([
    { schedule: 'TZ=Europe/Berlin 7 1 * * *', at: '2026-01-01T00:07:00Z' },
    { schedule: 'CRON_TZ=Asia/Kathmandu 52 5 * * *', at: '2026-01-01T00:07:00Z' },
  ])('go by the zone of $schedule, and tell that it is not supported', async ({ schedule, at }) => {
    await run(cronJob({ schedule, timeZone: 'America/New_York' }));
    await later(8 * MINUTE);
    expect(jobs().map(({ metadata }) => metadata.name)).toEqual([nameAt(at)]);
    expect(world.eventsOf('tick')).toContain(`UnsupportedSchedule: CRON_TZ or TZ used in schedule "${schedule}" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`);
  });

  it.each([
    { spec: { schedule: 'TZ=Mars/Olympus 0 0 * * *' }, event: 'UnparseableSchedule: unparseable schedule: "TZ=Mars/Olympus 0 0 * * *" : provided bad location Mars/Olympus: unknown time zone Mars/Olympus' },
    { spec: { schedule: 'bad' }, event: 'UnparseableSchedule: unparseable schedule: "bad" : expected exactly 5 fields, found 1: [bad]' },
    { spec: { schedule: '0 0 30 2 *' }, event: 'InvalidSchedule: invalid schedule: 0 0 30 2 * : time difference between two schedules is less than 1 second' },
    { spec: { timeZone: 'Mars/Olympus', suspend: true }, event: 'UnknownTimeZone: invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus' },
    { spec: { timeZone: 'Mars/Olympus' }, event: 'UnknownTimeZone: invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus' },
  ])('tell of what they cannot read: $event', async ({ spec, event }) => {
    await run(cronJob(spec));
    expect(world.eventsOf('tick')).toEqual([event]);
  });

  it('start no Job twice though its status could not be written', async () => {
    await run();
    let refused = 0;
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'update' && operation.value.subresource === 'status' && refused++ < 3) throw serviceUnavailable('not now');
    };
    await later(7 * MINUTE);
    expect(jobs()).toHaveLength(1);
    expect(active()).toEqual([nameAt('2026-01-01T00:05:00Z')]);
  });

  it('start no time twice, and none that is not theirs, however the clock is set', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.record({ jump: fc.integer({ min: -7_200_000, max: 7_200_000 }) }), fc.record({ pass: fc.integer({ min: 1, max: 20 }) })), { minLength: 1, maxLength: 8 }), async (steps) => {
      world = new ControllerWorld();
      const made: string[] = [];
      const known = new Set<string | undefined>();
      world.api.onEvent(({ resource, object }) => {
        if (resource === 'batch/jobs' && !known.has(object.metadata.uid)) made.push(object.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '');
        known.add(object.metadata.uid);
      });
      await run(cronJob({ schedule: '*/5 * * * *', concurrencyPolicy: 'Allow' }));
      for (const step of steps) {
        if ('jump' in step) world.clock.jump(step.jump);
        else await later(step.pass * MINUTE);
        // As a change of anything about it would: it looks again.
        world.change(batch.cronjobs, 'tick', (object) => (object.metadata.labels = { version: object.metadata.resourceVersion ?? '' }));
        await world.settle();
      }
      expect(new Set(made).size).toBe(made.length);
      for (const at of made) expect(Date.parse(at) % (5 * MINUTE)).toBe(0);
      await world.stop();
    }), { numRuns: 15 });
    world = new ControllerWorld();
  }, 120_000);

  it('say nothing of a Job by their name that another has made', async () => {
    await run();
    world.create(batch.jobs, { metadata: { name: nameAt('2026-01-01T00:05:00Z'), namespace: 'default' }, spec: { template: {} } });
    await later(6 * MINUTE);
    expect(jobs()).toHaveLength(1);
    expect([active(), world.eventsOf('tick')]).toEqual([[], []]);
  });

  it('forget a Job that someone else removed', async () => {
    await run();
    await later(6 * MINUTE);
    const [name = ''] = active();
    world.api.delete(batch.jobs, 'default', name);
    await world.settle();
    expect(active()).toEqual([]);
    expect(world.eventsOf('tick')).toContain(`MissingJob: Active job went missing: ${name}`);
  });
});
