import { batch, core, type batchv1, type corev1 } from '@navarch/api';
import { timeout } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { jobController } from './controller';
import { TRACKING } from './job-pod';

const job = (spec: Partial<batchv1.JobSpec> = {}): batchv1.Job => ({
  metadata: { name: 'work', namespace: 'default' },
  spec: {
    parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { job: 'work' } },
    template: { metadata: { labels: { job: 'work' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'work' }], initContainers: [{ name: 'i', image: 'init' }] } },
    ...spec,
  },
});
const indexed = (completions: number, spec: Partial<batchv1.JobSpec> = {}): batchv1.Job => job({ completionMode: 'Indexed', completions, parallelism: completions, ...spec });

describe('Jobs', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const run = async (object: batchv1.Job): Promise<void> => {
    world.create(batch.jobs, object);
    await world.run(jobController);
    await world.untilQuiet();
  };
  const work = (): batchv1.Job => world.get(batch.jobs, 'work');
  const status = (): batchv1.JobStatus => work().status ?? {};
  const conditions = (): string[] => (status().conditions ?? []).filter((condition) => condition.status === 'True').map(({ type, reason = '', message = '' }) => `${type} ${reason}: ${message}`);
  const active = (): corev1.Pod[] => world.all(core.pods).filter((pod) => pod.metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
  const indexOf = (pod: corev1.Pod | undefined): string | undefined => pod?.metadata.annotations?.['batch.kubernetes.io/job-completion-index'];
  const end = async (pod: corev1.Pod | undefined, phase: 'Failed' | 'Succeeded', more: Partial<corev1.PodStatus> = {}): Promise<void> => {
    const finishedAt = new Date(world.clock.now()).toISOString();
    world.change(core.pods, pod?.metadata.name ?? '', (object) => {
      object.status = { phase, containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: phase === 'Failed' ? 1 : 0, finishedAt } } }], ...more };
    }, 'status');
    await world.settle();
  };
  const exit = (exitCode: number): Partial<corev1.PodStatus> => ({ containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode } } }] });

  it('run their pods to completion, each counted once and only then let go', async () => {
    await run(job({ completions: 3, parallelism: 2 }));
    expect(active()).toHaveLength(2);
    expect(active()[0]?.metadata).toMatchObject({ finalizers: [TRACKING], ownerReferences: [{ kind: 'Job', name: 'work', controller: true }] });
    expect(status()).toEqual({ active: 2, ready: 2, terminating: 0, startTime: '2026-01-01T00:00:00Z', uncountedTerminatedPods: {} });
    await end(active()[0], 'Succeeded');
    await end(active()[0], 'Succeeded');
    await world.untilQuiet();
    expect(active()).toHaveLength(1);
    expect(status()).toMatchObject({ active: 1, succeeded: 2 });
    await end(active()[0], 'Succeeded');
    expect(status()).toMatchObject({ succeeded: 3, ready: 0, terminating: 0, uncountedTerminatedPods: {}, completionTime: expect.any(String) as string });
    expect(status().active).toBeUndefined();
    expect(conditions()).toEqual(['SuccessCriteriaMet CompletionsReached: Reached expected number of succeeded pods', 'Complete CompletionsReached: Reached expected number of succeeded pods']);
    expect(world.all(core.pods).flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    expect(world.eventsOf('work').at(-1)).toBe('Completed: Job completed');
    expect(world.warnings).toEqual([]);
  });

  it('try again after 10 s, 20 s, 40 s, and give up at the limit', async () => {
    await run(job({ backoffLimit: 2 }));
    for (const seconds of [10, 20]) {
      await end(active()[0], 'Failed');
      await world.clock.advance((seconds - 1) * 1000);
      expect(active()).toEqual([]);
      await world.clock.advance(1_000);
      expect(active()).toHaveLength(1);
    }
    await end(active()[0], 'Failed');
    expect(status()).toMatchObject({ failed: 3 });
    expect(conditions()).toEqual(['FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit', 'Failed BackoffLimitExceeded: Job has reached the specified backoff limit']);
    expect(world.eventsOf('work').at(-1)).toBe('BackoffLimitExceeded: Job has reached the specified backoff limit');
  });

  it('are not Failed before the last of their pods is gone', async () => {
    await run(job({ completions: 2, parallelism: 2, backoffLimit: 0 }));
    await end(active()[0], 'Failed');
    expect(conditions()).toEqual(['FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit']);
    expect(status()).toMatchObject({ terminating: 1 });
    await world.untilQuiet();
    expect(conditions()[1]).toContain('Failed BackoffLimitExceeded');
    expect(status()).toMatchObject({ failed: 2, terminating: 0 });
  });

  it('without a number of completions are complete when one has succeeded and the others have ended', async () => {
    const object = job({ parallelism: 2 });
    delete object.spec?.completions;
    await run(object);
    await end(active()[0], 'Succeeded');
    expect(active()).toHaveLength(1);
    expect(conditions()).toEqual([]);
    await end(active()[0], 'Succeeded');
    expect(conditions().at(-1)).toContain('Complete ');
    expect(status().succeeded).toBe(2);
  });

  it('that are Indexed give each index a pod that knows it, and list those completed', async () => {
    await run(indexed(4));
    expect(active().map(indexOf).sort()).toEqual(['0', '1', '2', '3']);
    const third = active().find((pod) => indexOf(pod) === '2');
    const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } } };
    expect(third?.spec).toMatchObject({ hostname: 'work-2', containers: [{ env: [variable] }], initContainers: [{ env: [variable] }] });
    expect(third?.metadata.generateName).toBe('work-2-');
    expect(third?.metadata.labels?.['batch.kubernetes.io/job-completion-index']).toBe('2');
    for (const index of ['0', '2', '3']) await end(active().find((pod) => indexOf(pod) === index), 'Succeeded');
    expect(status()).toMatchObject({ completedIndexes: '0,2,3', succeeded: 3 });
    await end(active()[0], 'Succeeded');
    expect(status()).toMatchObject({ completedIndexes: '0-3', succeeded: 4 });
    expect(conditions().at(-1)).toContain('Complete ');
  });

  it('that are Indexed run an index again that was completed, when there were fewer indexes meanwhile', async () => {
    await run(indexed(3));
    await end(active().find((pod) => indexOf(pod) === '2'), 'Succeeded');
    expect(status()).toMatchObject({ completedIndexes: '2', succeeded: 1 });
    const resize = async (completions: number): Promise<void> => {
      world.change(batch.jobs, 'work', ({ spec }) => Object.assign(spec ?? {}, { completions, parallelism: completions }));
      await world.untilQuiet();
    };
    await resize(2);
    expect(status()).toMatchObject({ succeeded: 0 });
    expect(status()).not.toHaveProperty('completedIndexes');
    await resize(3);
    expect(active().map(indexOf).sort()).toEqual(['0', '1', '2']);
    for (const pod of active()) await end(pod, 'Succeeded');
    expect(status()).toMatchObject({ completedIndexes: '0-2', succeeded: 3 });
    expect(conditions().at(-1)).toContain('Complete ');
  });

  it('count failures by index where they have limits by index', async () => {
    await run(indexed(2, { backoffLimitPerIndex: 1 }));
    delete work().spec?.backoffLimit;
    const ofZero = (): corev1.Pod | undefined => active().find((pod) => indexOf(pod) === '0');
    await end(ofZero(), 'Failed');
    expect(ofZero()).toBeUndefined();
    await world.clock.advance(10_000);
    expect(ofZero()?.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count']).toBe('1');
    await end(ofZero(), 'Failed');
    expect(status()).toMatchObject({ failedIndexes: '0', failed: 2 });
    expect(conditions()).toEqual([]);
    await end(active()[0], 'Succeeded');
    expect(conditions().at(-1)).toBe('Failed FailedIndexes: Job has failed indexes');
    expect(status()).toMatchObject({ failedIndexes: '0', completedIndexes: '1' });
  });

  it('fail when too many indexes have failed', async () => {
    await run(indexed(3, { backoffLimitPerIndex: 0, maxFailedIndexes: 1 }));
    await end(active()[0], 'Failed');
    await end(active()[0], 'Failed');
    await world.untilQuiet();
    expect(conditions().at(-1)).toBe('Failed MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes');
    // The pod of the third was removed: that is its end, but no failure of its index.
    expect(status()).toMatchObject({ failed: 3, failedIndexes: '0,1' });
  });

  it('fail by the limit of all failures without that an index has failed', async () => {
    await run(indexed(3, { backoffLimitPerIndex: 1, backoffLimit: 2 }));
    for (const index of ['0', '1', '2']) {
      await end(active().find((pod) => indexOf(pod) === index), 'Failed');
      await world.clock.advance(10_000);
    }
    expect(conditions().at(-1)).toBe('Failed BackoffLimitExceeded: Job has reached the specified backoff limit');
    expect(status()).toMatchObject({ failed: 5, failedIndexes: '' });
  });

  const policy = (action: string): batchv1.PodFailurePolicy => ({
    rules: [{ action, onExitCodes: { operator: 'In', values: [42] } }, { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
  });
  it('judge failures by their policy: an exit code fails the Job, a disruption does not count', async () => {
    await run(job({ podFailurePolicy: policy('FailJob'), podReplacementPolicy: 'Failed' }));
    await end(active()[0], 'Failed', { ...exit(137), conditions: [{ type: 'DisruptionTarget', status: 'True' }] });
    expect(status().failed).toBeUndefined();
    await world.clock.advance(10_000);
    const [pod] = active();
    await end(pod, 'Failed', exit(42));
    expect(conditions().at(-1)).toBe(`Failed PodFailurePolicy: Container c for pod default/${pod?.metadata.name ?? ''} failed with exit code 42 matching FailJob rule at index 0`);
  });

  it('judge failures by their policy: an exit code fails its index at once', async () => {
    await run(indexed(2, { backoffLimitPerIndex: 5, podFailurePolicy: policy('FailIndex') }));
    await end(active().find((pod) => indexOf(pod) === '1'), 'Failed', exit(42));
    expect(status()).toMatchObject({ failedIndexes: '1' });
  });

  it('end by their success policy, and stop what still runs', async () => {
    await run(indexed(3, { successPolicy: { rules: [{ succeededIndexes: '1-2', succeededCount: 1 }] } }));
    await end(active().find((pod) => indexOf(pod) === '0'), 'Succeeded');
    expect(conditions()).toEqual([]);
    await end(active().find((pod) => indexOf(pod) === '2'), 'Succeeded');
    expect(conditions()).toEqual(['SuccessCriteriaMet SuccessPolicy: Matched rules at index 0']);
    await world.untilQuiet();
    expect(conditions().at(-1)).toBe('Complete SuccessPolicy: Matched rules at index 0');
    expect(status()).toMatchObject({ succeeded: 2, completedIndexes: '0,2' });
    expect(status().failed).toBeUndefined();
  });

  it('that are suspended have no pods, and start anew when resumed', async () => {
    await run(job({ suspend: true }));
    expect(active()).toEqual([]);
    expect(conditions()).toEqual(['Suspended JobSuspended: Job suspended']);
    expect(status().startTime).toBeUndefined();
    world.change(batch.jobs, 'work', (object) => (object.spec!.suspend = false));
    await world.untilQuiet();
    expect(active()).toHaveLength(1);
    world.change(batch.jobs, 'work', (object) => (object.spec!.suspend = true));
    await world.untilQuiet();
    expect(active()).toEqual([]);
    expect(status()).not.toHaveProperty('startTime');
    expect(status().failed).toBeUndefined();
    expect(world.eventsOf('work').filter((event) => /^(Suspended|Resumed)/.test(event))).toEqual(['Suspended: Job suspended', 'Resumed: Job resumed']);
    expect(world.all(core.events).find(({ reason }) => reason === 'Suspended')?.count).toBe(2);
  });

  it('fail at their deadline', async () => {
    await run(job({ activeDeadlineSeconds: 30 }));
    await world.clock.advance(30_000);
    await world.untilQuiet();
    expect(conditions().at(-1)).toBe('Failed DeadlineExceeded: Job was active longer than specified deadline');
    expect(status()).toMatchObject({ failed: 1 });
  });

  it('wait for a pod that takes long to end after their deadline', async () => {
    await run(job({ activeDeadlineSeconds: 30 }));
    await world.clock.advance(30_000);
    for (let turn = 0; turn < 10; turn++) await world.settle();
    const looks = async (): Promise<number> => Object.values(await world.metric('job_controller_job_syncs_total')).reduce((sum, count) => sum + count, 0);
    const before = await looks();
    expect(before).toBeGreaterThan(0);
    for (let turn = 0; turn < 20; turn++) await world.settle();
    expect(await looks()).toBe(before);
    expect(conditions()).toEqual(['FailureTarget DeadlineExceeded: Job was active longer than specified deadline']);
    await world.untilQuiet();
    expect(conditions().at(-1)).toContain('Failed DeadlineExceeded');
  });

  it.each([
    { policy: 'Failed', whileTerminating: 0 },
    { policy: 'TerminatingOrFailed', whileTerminating: 1 },
  ])('replace a pod that is on its way out by podReplacementPolicy $policy', async ({ policy: podReplacementPolicy, whileTerminating }) => {
    await run(job({ podReplacementPolicy }));
    const [pod] = active();
    world.api.delete(core.pods, 'default', pod?.metadata.name ?? '');
    await world.clock.advance(60_000);
    expect(active()).toHaveLength(whileTerminating);
    expect(status().failed).toBe(whileTerminating === 0 ? undefined : 1);
    await end(pod, 'Failed').catch(() => undefined);
    world.runPods();
    await world.clock.advance(60_000);
    expect(active()).toHaveLength(1);
  });

  it('make fewer when parallelism falls, without calling those a failure', async () => {
    await run(job({ completions: 5, parallelism: 4 }));
    world.change(batch.jobs, 'work', (object) => (object.spec!.parallelism = 1));
    await world.untilQuiet();
    expect(active()).toHaveLength(1);
    expect(status()).toMatchObject({ active: 1 });
    expect(status().failed).toBeUndefined();
  });

  it('that another controller manages are left alone, and their pods too when they are over', async () => {
    await run(job({ managedBy: 'example.com/other' }));
    expect(world.all(core.pods)).toEqual([]);
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: work().metadata.uid ?? '', controller: true };
    world.create(core.pods, { metadata: { name: 'theirs', namespace: 'default', labels: { job: 'work' }, finalizers: [TRACKING], ownerReferences: [owner] }, spec: { containers: [] }, status: { phase: 'Succeeded' } });
    world.change(batch.jobs, 'work', (object) => (object.status = { conditions: [{ type: 'Complete', status: 'True' }] }), 'status');
    await world.settle();
    expect(world.get(core.pods, 'theirs').metadata.finalizers).toEqual([TRACKING]);
  });

  it('count restarts within a pod as failures where pods restart their containers', async () => {
    const object = job({ backoffLimit: 3 });
    object.spec!.template.spec!.restartPolicy = 'OnFailure';
    await run(object);
    world.change(core.pods, active()[0]?.metadata.name ?? '', (pod) => (pod.status!.containerStatuses = [{ name: 'c', image: '', imageID: '', ready: true, restartCount: 3 }]), 'status');
    await world.settle();
    expect(conditions()).toEqual(['FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit']);
  });

  it('count no end twice though the outcome of writes is unknown', async () => {
    await run(job({ completions: 4, parallelism: 4 }));
    let writes = 0;
    world.transport.beforeWrite = () => {
      if (writes++ % 3 === 0) throw timeout('lost');
    };
    for (const pod of active()) await end(pod, 'Succeeded');
    for (let turn = 0; turn < 30; turn++) await world.clock.advance(10_000);
    world.transport.beforeWrite = undefined;
    await world.clock.advance(60_000);
    await world.untilQuiet();
    expect(status()).toMatchObject({ succeeded: 4 });
    expect(conditions().at(-1)).toContain('Complete ');
  });

  it('adopt pods that match, and count their end too', async () => {
    world.create(core.pods, { metadata: { name: 'orphan', namespace: 'default', labels: { job: 'work' } }, spec: { containers: [] } });
    await run(job());
    expect(active().map(({ metadata }) => [metadata.name, metadata.finalizers])).toEqual([['orphan', [TRACKING]]]);
    await end(active()[0], 'Succeeded');
    expect(conditions().at(-1)).toContain('Complete ');
  });

  it('that are gone hold none of their pods', async () => {
    await run(job());
    const [pod] = active();
    world.api.delete(core.pods, 'default', pod?.metadata.name ?? '');
    world.api.delete(batch.jobs, 'default', 'work');
    await world.settle();
    expect(world.get(core.pods, pod?.metadata.name ?? '').metadata.finalizers).toEqual([]);
  });
});
