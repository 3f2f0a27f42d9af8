import type { corev1, policyv1 } from '@navarch/api';
import { goesUncounted, needsNoBudget } from './disruption-budget';

const pod = (ready: 'True' | 'False' | 'Unknown' | undefined, phase = 'Running', deletionTimestamp?: string): { metadata: { name: string; deletionTimestamp?: string }; status: corev1.PodStatus } => ({
  metadata: { name: 'p', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
  status: { phase, ...(ready === undefined ? {} : { conditions: [{ type: 'Ready', status: ready }] }) },
});

describe('unhealthyPodEvictionPolicy', () => {
  type Policy = policyv1.PodDisruptionBudgetSpec['unhealthyPodEvictionPolicy'];
  const healthy = { currentHealthy: 3, desiredHealthy: 3 };
  const disrupted = { currentHealthy: 2, desiredHealthy: 3 };
  it.each<{ reason: string; policy: Policy; ready: 'True' | 'False' | 'Unknown' | undefined; status: { currentHealthy: number; desiredHealthy: number } | undefined; expected: boolean }>([
    { reason: 'a ready pod is always counted', policy: 'AlwaysAllow', ready: 'True', status: healthy, expected: false },
    { reason: 'by default one that is not may go while enough others are healthy', policy: undefined, ready: 'False', status: healthy, expected: true },
    { reason: 'by default one that is not is counted while too few are', policy: undefined, ready: 'False', status: disrupted, expected: false },
    { reason: 'IfHealthyBudget says the same as the default', policy: 'IfHealthyBudget', ready: 'False', status: healthy, expected: true },
    { reason: 'IfHealthyBudget keeps pods of a disrupted application', policy: 'IfHealthyBudget', ready: 'False', status: disrupted, expected: false },
    { reason: 'IfHealthyBudget keeps pods of one that wants nobody healthy', policy: 'IfHealthyBudget', ready: 'False', status: { currentHealthy: 0, desiredHealthy: 0 }, expected: false },
    { reason: 'IfHealthyBudget keeps pods while nothing is known', policy: 'IfHealthyBudget', ready: 'False', status: undefined, expected: false },
    { reason: 'AlwaysAllow lets them go from a disrupted application', policy: 'AlwaysAllow', ready: 'False', status: disrupted, expected: true },
    { reason: 'AlwaysAllow lets them go while nothing is known', policy: 'AlwaysAllow', ready: 'False', status: undefined, expected: true },
    { reason: 'a pod of which it is not known is not ready', policy: 'AlwaysAllow', ready: 'Unknown', status: disrupted, expected: true },
    { reason: 'a pod without the condition is not ready', policy: 'AlwaysAllow', ready: undefined, status: disrupted, expected: true },
  ])('$reason', ({ policy, ready, status, expected }) => {
    const spec: policyv1.PodDisruptionBudgetSpec = { minAvailable: 3, selector: {}, ...(policy === undefined ? {} : { unhealthyPodEvictionPolicy: policy }) };
    expect(goesUncounted(pod(ready), { metadata: { name: 'b' }, spec, ...(status === undefined ? {} : { status: { ...status, disruptionsAllowed: 0, expectedPods: 3 } }) })).toBe(expected);
  });
});

describe('a budget', () => {
  it.each([['Pending', true], ['Running', false], ['Succeeded', true], ['Failed', true], ['Unknown', false]])('is asked, or not, for pods that are %s: %s', (phase, expected) => {
    expect(needsNoBudget(pod('False', phase))).toBe(expected);
  });

  it('is not asked for pods that go already', () => expect(needsNoBudget(pod('True', 'Running', '2026-01-01T00:00:00Z'))).toBe(true));
});
