import type { batchv1, corev1 } from '@navarch/api';
import { jobFacts } from './facts';
import { noFailures, recordAfter, untilRetryMs, type FailureRecord } from './job-back-off';
import { TRACKING } from './job-pod';
import { planPods } from './sync';

const NOW = Date.parse('2026-01-01T01:00:00Z');

/** `0` runs for index 0; `1-` is on its way out; `2*` has failed; `3+` has succeeded. */
function podOf(text: string, at: number): corev1.Pod {
  const [, index = '', state = ''] = /^(\d+)([*+-]?)$/.exec(text) ?? [];
  const phase = state === '*' ? 'Failed' : state === '+' ? 'Succeeded' : 'Running';
  return {
    metadata: { name: `p${at}`, uid: `u${at}`, finalizers: [TRACKING], annotations: { 'batch.kubernetes.io/job-completion-index': index }, ...(state === '-' ? { deletionTimestamp: '2026-01-01T00:59:59Z' } : {}) },
    status: { phase, startTime: '2026-01-01T00:59:58Z' },
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
