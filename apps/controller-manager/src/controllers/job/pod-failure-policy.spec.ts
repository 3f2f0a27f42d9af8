import type { batchv1, corev1 } from '@navarch/api';
import { judgeFailure } from './pod-failure-policy';

const pod = (containers: Record<string, number | undefined>, conditions: Record<string, string> = {}): corev1.Pod => ({
  metadata: { name: 'p', namespace: 'ns' },
  status: {
    phase: 'Failed',
    conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })),
    containerStatuses: Object.entries(containers).map(([name, exitCode]) => ({ name, image: '', imageID: '', ready: false, restartCount: 0, state: exitCode === undefined ? {} : { terminated: { exitCode } } })),
  },
});
const withInit = (failed: corev1.Pod, name: string, exitCode: number): corev1.Pod => ({ ...failed, status: { ...failed.status, initContainerStatuses: [{ name, image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode } } }] } });
const codes = (action: string, operator: string, values: number[], containerName?: string): batchv1.PodFailurePolicyRule => ({ action, onExitCodes: { operator, values, ...(containerName === undefined ? {} : { containerName }) } });

describe('a failed pod', () => {
  it.each<{ what: string; rules: batchv1.PodFailurePolicyRule[]; failed: corev1.Pod; action: string; message?: string }>([
    { what: 'is judged by an exit code', rules: [codes('FailJob', 'In', [3])], failed: pod({ a: 1, b: 3 }), action: 'FailJob', message: 'Container b for pod ns/p failed with exit code 3 matching FailJob rule at index 0' },
    { what: 'is judged by codes that are not listed', rules: [codes('Ignore', 'NotIn', [3])], failed: pod({ a: 3, b: 4 }), action: 'Ignore' },
    { what: 'is not judged by a container that succeeded', rules: [codes('FailJob', 'NotIn', [3])], failed: pod({ a: 0 }), action: 'none' },
    { what: 'is not judged by a container that has not ended', rules: [codes('FailJob', 'NotIn', [3])], failed: pod({ a: undefined }), action: 'none' },
    { what: 'is judged by the container that is meant', rules: [codes('FailJob', 'In', [3], 'a')], failed: pod({ a: 1, b: 3 }), action: 'none' },
    { what: 'is judged by a condition', rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }], failed: pod({}, { DisruptionTarget: 'True' }), action: 'Ignore', message: 'Pod ns/p has condition DisruptionTarget matching Ignore rule at index 0' },
    { what: 'is not judged by a condition of another status', rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }], failed: pod({}, { DisruptionTarget: 'False' }), action: 'none' },
    { what: 'is judged by an init container', rules: [codes('FailJob', 'In', [3])], failed: withInit(pod({ a: undefined }), 'i', 3), action: 'FailJob', message: 'Container i for pod ns/p failed with exit code 3 matching FailJob rule at index 0' },
    { what: 'is judged by its containers before its init containers', rules: [codes('FailJob', 'In', [3])], failed: withInit(pod({ a: 3 }), 'i', 3), action: 'FailJob', message: 'Container a for pod ns/p failed with exit code 3 matching FailJob rule at index 0' },
    { what: 'is judged by the first rule that matches', rules: [codes('Count', 'In', [1]), codes('FailJob', 'In', [1])], failed: pod({ a: 1 }), action: 'Count' },
  ])('$what', ({ rules, failed, action, message }) => {
    const verdict = judgeFailure({ rules }, failed);
    expect(verdict.action).toBe(action);
    if (message !== undefined) expect(verdict.message).toBe(message);
  });
});
