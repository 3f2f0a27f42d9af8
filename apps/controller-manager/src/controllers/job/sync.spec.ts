import type { batchv1, corev1 } from '@navarch/api';
import { jobFacts } from './facts';
import { endedAtMs, noFailures, recordAfter, untilRetryMs, type FailureRecord } from './job-back-off';
import { jobPod, TRACKING } from './job-pod';
import { planPods } from './sync';
import { countReleased, finish, noteEnds } from './tracking';

const NOW = Date.parse('2026-01-01T01:00:00Z');

/** `0` runs for index 0; `1-` is on its way out; `2*` has failed; `3+` has succeeded. */
function podOf(text: string, at: number): corev1.Pod {
  const [, index = '', state = ''] = /^(\d+)([*+-]?)$/.exec(text) ?? [];
  const phase = state === '*' ? 'Failed' : state === '+' ? 'Succeeded' : 'Running';
  return {
    metadata: { name: `p${at}`, uid: `u${at}`, finalizers: [TRACKING], creationTimestamp: '2026-01-01T00:59:58Z', annotations: { 'batch.kubernetes.io/job-completion-index': index }, ...(state === '-' ? { deletionTimestamp: '2026-01-01T00:59:59Z' } : {}) },
    status: { phase },
  };
}

function plan(pods: string, spec: Partial<batchv1.JobSpec>, failures: FailureRecord = noFailures): string {
  const job: batchv1.Job = { metadata: { name: 'work' }, spec: { completions: 4, parallelism: 2, backoffLimit: 6, completionMode: 'Indexed', template: {}, ...spec } };
  const facts = jobFacts({ job, pods: pods.split(' ').filter((text) => text !== '').map(podOf), nowMs: NOW });
  const { create, remove, againAfterMs } = planPods(facts, failures);
  return [...create.map((index) => `+${index ?? ''}`), ...remove.map(({ metadata }) => `-${metadata.name ?? ''}`), ...(againAfterMs === undefined ? [] : [`again ${againAfterMs / 1000}s`])].join(' ');
}

describe('the pods of a Job', () => {
  it.each<{ what: string; pods: string; spec?: Partial<batchv1.JobSpec>; failures?: FailureRecord; expected: string }>([
    { what: 'are as many as may run side by side', pods: '', expected: '+0 +1' },
    { what: 'are of the next indexes', pods: '0+ 1', expected: '+2' },
    { what: 'are no more than are still to be completed', pods: '0+ 1+ 2+', expected: '+3' },
    { what: 'need no index twice', pods: '0 0', expected: '-p0' },
    { what: 'have no index beyond the last', pods: '0 7', expected: '-p1' },
    { what: 'wait after a failure', pods: '1', failures: { failures: 1, lastMs: NOW - 4_000 }, expected: 'again 6s' },
    { what: 'replace those on their way out', pods: '0- 1', expected: '+0' },
    { what: 'replace only those that have ended, if so asked', pods: '0- 1', spec: { podReplacementPolicy: 'Failed' }, expected: '' },
    { what: 'are none while it is suspended', pods: '0 1', spec: { suspend: true }, expected: '-p0 -p1' },
    { what: 'all go when it has failed', pods: '0* 1', spec: { backoffLimit: 0 }, expected: '-p1' },
    { what: 'wait each for its own index', pods: '0* 1', spec: { backoffLimitPerIndex: 2, parallelism: 3 }, expected: '+2 again 8s' },
    { what: 'leave an index that has failed for good', pods: '0*', spec: { backoffLimitPerIndex: 0 }, expected: '+1 +2' },
    { what: 'have no index where none is asked for', pods: '', spec: { completionMode: 'NonIndexed' }, expected: '+ +' },
  ])('$what', ({ pods, spec = {}, failures = noFailures, expected }) => expect(plan(pods, spec, failures)).toBe(expected));
});

describe('the wait after failures', () => {
  const ended = (agoSeconds: number): corev1.Pod => ({ metadata: {}, status: { containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 1, finishedAt: new Date(NOW - agoSeconds * 1000).toISOString() } } }] } });
  it.each([
    { what: 'is none without one', succeeded: [], failed: [], expected: 0 },
    { what: 'is 10 s after the first', succeeded: [], failed: [2], expected: 8_000 },
    { what: 'doubles with each', succeeded: [], failed: [30, 20, 5], expected: 35_000 },
    { what: 'begins anew with a success', succeeded: [10], failed: [30, 20, 5], expected: 5_000 },
    { what: 'ends after ten minutes at most', succeeded: [], failed: Array<number>(12).fill(0), expected: 600_000 },
  ])('$what', ({ succeeded, failed, expected }) => {
    expect(untilRetryMs(recordAfter(noFailures, succeeded.map(ended), failed.map(ended)), NOW)).toBe(expected);
  });
});

/** The rows of upstream's TestGetFinishedTime. */
describe('when a pod ended', () => {
  const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
  const ended = (...seconds: (number | undefined)[]): corev1.ContainerStatus[] => seconds.map((second, number) => ({ name: `c${number}`, image: '', imageID: '', ready: false, restartCount: 0, state: second === undefined ? { running: {} } : { terminated: { exitCode: 0, finishedAt: at(second) } } }));
  const ready = (status: string, second: number): corev1.PodCondition[] => [{ type: 'Ready', status, lastTransitionTime: at(second) }];
  it.each<{ what: string; pod: corev1.Pod; expected: number }>([
    { what: 'is when its last container did', pod: { metadata: {}, status: { containerStatuses: ended(8, 9, 7) } }, expected: 9 },
    { what: 'is when its sidecar did', pod: { metadata: {}, status: { containerStatuses: ended(8), initContainerStatuses: ended(9) } }, expected: 9 },
    { what: 'is when it was deleted while a container runs', pod: { metadata: { deletionTimestamp: at(5) }, status: { containerStatuses: ended(8, undefined, 7) } }, expected: 5 },
    { what: 'is the time of grace before that', pod: { metadata: { deletionTimestamp: at(40), deletionGracePeriodSeconds: 30 }, status: { containerStatuses: ended(undefined) } }, expected: 10 },
    { what: 'is when it stopped being ready', pod: { metadata: { deletionTimestamp: at(5) }, status: { containerStatuses: ended(undefined), conditions: ready('False', 4) } }, expected: 4 },
    { what: 'is not when it became ready', pod: { metadata: { deletionTimestamp: at(5) }, status: { conditions: ready('True', 4) } }, expected: 5 },
    { what: 'is when it was made if nothing else is known', pod: { metadata: { creationTimestamp: at(3) }, status: { startTime: at(4), conditions: ready('True', 4) } }, expected: 3 },
  ])('$what', ({ pod, expected }) => expect(endedAtMs(pod)).toBe(Date.parse(at(expected))));
});

describe('the end of a pod', () => {
  it('counts as a failure of an Indexed Job only if its index is one of the Job', () => {
    const job: batchv1.Job = { metadata: { name: 'work' }, spec: { completions: 5, completionMode: 'Indexed', backoffLimit: 6, template: {} } };
    const pods = ['0+', '8*', '1*'].map(podOf);
    const { status, release } = noteEnds(jobFacts({ job, pods, nowMs: NOW }), undefined, {});
    expect([status.completedIndexes, status.uncountedTerminatedPods]).toEqual(['0', { failed: ['u2'] }]);
    expect(release).toHaveLength(3);
  });

  it.each([['Indexed'], ['NonIndexed']])('is noted with 500 others at most (%s), and the Job is not over before all are counted', (completionMode) => {
    const job: batchv1.Job = { metadata: { name: 'work' }, spec: { completions: 501, completionMode, backoffLimit: 6, template: {} } };
    const verdict = { type: 'SuccessCriteriaMet', reason: '', message: '' } as const;
    let pods = Array.from({ length: 501 }, (_, index) => podOf(`${index}+`, index));
    let status: batchv1.JobStatus = {};
    const released: number[] = [];
    const goOn = (): batchv1.JobStatus | undefined => {
      const noted = noteEnds(jobFacts({ job: { ...job, status }, pods, nowMs: NOW }), verdict, status);
      released.push(noted.release.length);
      pods = pods.map((pod) => (noted.release.includes(pod) ? { ...pod, metadata: { ...pod.metadata, finalizers: [] } } : pod));
      status = countReleased(noted.status, pods);
      return finish(status, verdict, pods, NOW);
    };
    expect(goOn()).toBeUndefined();
    expect(goOn()).toMatchObject({ succeeded: 501, completionTime: expect.any(String) as string });
    expect(released).toEqual([500, 1]);
  });
});

describe('the pod of an index', () => {
  const long = 'n'.repeat(60);
  it.each([
    { name: 'work', index: 1, prefix: 'work-1-' },
    { name: long, index: 1, prefix: `${'n'.repeat(55)}-1-` },
    { name: long, index: 12345, prefix: `${'n'.repeat(51)}-12345-` },
  ])('shows $index in its name behind as much of $name as there is room for', ({ name, index, prefix }) => {
    expect(jobPod({ metadata: { name }, spec: { completionMode: 'Indexed', template: {} } }, index).metadata.generateName).toBe(prefix);
  });

  it('that is kept until the next takes its count over is the last one, whether its failures count or not', () => {
    const failed = (at: number, counted: string, ignored: string): corev1.Pod => {
      const pod = podOf('0*', at);
      return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, 'batch.kubernetes.io/job-index-failure-count': counted, 'batch.kubernetes.io/job-index-ignored-failure-count': ignored } } };
    };
    const job: batchv1.Job = { metadata: { name: 'work' }, spec: { completions: 2, completionMode: 'Indexed', backoffLimitPerIndex: 3, template: {} } };
    const last = (...pods: corev1.Pod[]): string | undefined => jobFacts({ job, pods, nowMs: NOW }).lastFailed.get(0)?.metadata.name;
    expect([last(failed(1, '1', '0'), failed(2, '1', '1')), last(failed(2, '1', '1'), failed(1, '1', '0'))]).toEqual(['p2', 'p2']);
  });
});
