import type { corev1 } from '@navarch/api';
import { withDisruptionTarget } from './disruption-condition';

const pod = (...conditions: corev1.PodCondition[]): corev1.Pod => ({ metadata: { name: 'p', generation: 3 }, status: { conditions } });
const ready: corev1.PodCondition = { type: 'Ready', status: 'True' };
const target = (status: string): corev1.PodCondition => ({ type: 'DisruptionTarget', status, reason: 'Earlier', message: '', lastTransitionTime: '2025-12-31T00:00:00Z' });
const NOW = '2026-01-01T00:00:00Z';

describe('why a pod is being removed', () => {
  it.each([
    { what: 'stands behind its other conditions', before: [ready], types: ['Ready', 'DisruptionTarget'], since: NOW },
    { what: 'takes the place of what was said before', before: [target('False'), ready], types: ['DisruptionTarget', 'Ready'], since: NOW },
    { what: 'is told anew since it was told first', before: [target('True'), ready], types: ['DisruptionTarget', 'Ready'], since: '2025-12-31T00:00:00Z' },
  ])('$what', ({ before, types, since }) => {
    const conditions = withDisruptionTarget(pod(...before), 'DeletionByTest', 'gone', Date.parse(NOW));
    expect(conditions.map(({ type }) => type)).toEqual(types);
    expect(conditions.find(({ type }) => type === 'DisruptionTarget')).toEqual({ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTest', message: 'gone', lastTransitionTime: since, observedGeneration: 3 });
  });
});
