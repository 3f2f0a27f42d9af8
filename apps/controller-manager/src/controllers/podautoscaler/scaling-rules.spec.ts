import type { autoscalingv2 } from '@navarch/api';
import { limited, noMemory, remembered, stabilized, type Memory, type Wish } from './scaling-rules';

const NOW = 1_000_000;
const wish = (more: Partial<Wish>): Wish => ({ current: 10, desired: 10, min: 1, max: 100, nowMs: NOW, memory: noMemory, downscaleWindowMs: 300_000, ...more });
const recommended = (...items: [number, number][]): Memory => ({ ...noMemory, recommendations: items.map(([agoSeconds, replicas]) => ({ atMs: NOW - agoSeconds * 1000, replicas })) });
const rules = (more: Partial<autoscalingv2.HPAScalingRules>): autoscalingv2.HPAScalingRules => ({ selectPolicy: 'Max', ...more });
const policy = (type: string, value: number, periodSeconds = 60): autoscalingv2.HPAScalingPolicy => ({ type, value, periodSeconds });

describe('recommendations', () => {
  it.each([
    { what: 'to shrink wait until none in the window was higher', desired: 4, memory: recommended([299, 8], [301, 9]), behavior: undefined, replicas: 8, reason: 'ScaleDownStabilized' },
    { what: 'hold when nothing was higher', desired: 4, memory: recommended([400, 9]), behavior: undefined, replicas: 4, reason: 'ReadyForNewScale' },
    { what: 'to grow wait for the lowest in their own window', desired: 20, memory: recommended([10, 12], [40, 2]), behavior: { scaleUp: rules({ stabilizationWindowSeconds: 30 }) }, replicas: 12, reason: 'ScaleUpStabilized' },
    { what: 'to shrink have a window of their own', desired: 4, memory: recommended([61, 8]), behavior: { scaleDown: rules({ stabilizationWindowSeconds: 60 }) }, replicas: 4, reason: 'ReadyForNewScale' },
    { what: 'without a window in their behaviour have the default one', desired: 4, memory: recommended([200, 7]), behavior: { scaleUp: rules({}) }, replicas: 7, reason: 'ScaleDownStabilized' },
  ])('$what', ({ desired, memory, behavior, replicas, reason }) => expect(stabilized(wish({ desired, memory }), behavior)).toMatchObject({ replicas, reason }));
});

describe('the speed of a change', () => {
  const up = (...policies: autoscalingv2.HPAScalingPolicy[]) => ({ scaleUp: rules({ policies }) });
  const down = (...policies: autoscalingv2.HPAScalingPolicy[]) => ({ scaleDown: rules({ policies }) });
  it.each([
    { what: 'doubles at most without rules', behavior: undefined, desired: 50, replicas: 20, reason: 'ScaleUpLimit' },
    { what: 'ends at the maximum', behavior: undefined, desired: 50, max: 15, replicas: 15, reason: 'TooManyReplicas' },
    { what: 'ends at the minimum', behavior: undefined, desired: 1, min: 3, replicas: 3, reason: 'TooFewReplicas' },
    { what: 'is the highest of its policies', behavior: up(policy('Pods', 4), policy('Percent', 50)), desired: 50, replicas: 15, reason: 'ScaleUpLimit' },
    { what: 'is the lowest if so chosen', behavior: { scaleUp: rules({ selectPolicy: 'Min', policies: [policy('Pods', 4), policy('Percent', 50)] }) }, desired: 50, replicas: 14, reason: 'ScaleUpLimit' },
    { what: 'is none when it is disabled', behavior: { scaleDown: rules({ selectPolicy: 'Disabled' }) }, desired: 2, replicas: 10, reason: 'ScaleDownLimit' },
    { what: 'downwards takes the greatest step', behavior: down(policy('Pods', 1), policy('Percent', 30)), desired: 1, replicas: 7, reason: 'ScaleDownLimit' },
    { what: 'downwards takes the smallest step if so chosen', behavior: { scaleDown: rules({ selectPolicy: 'Min', policies: [policy('Pods', 1), policy('Percent', 30)] }) }, desired: 1, replicas: 9, reason: 'ScaleDownLimit' },
    { what: 'counts what was added in the period', behavior: up(policy('Pods', 4)), desired: 50, memory: { ...noMemory, ups: [{ atMs: NOW - 30_000, by: 3 }, { atMs: NOW - 90_000, by: 9 }] }, replicas: 11, reason: 'ScaleUpLimit' },
    { what: 'never turns round', behavior: up(policy('Pods', 4)), desired: 50, memory: { ...noMemory, ups: [{ atMs: NOW - 30_000, by: 9 }] }, replicas: 10, reason: 'ScaleUpLimit' },
    { what: 'is no matter within the bounds', behavior: up(policy('Pods', 4)), desired: 12, replicas: 12, reason: 'DesiredWithinRange' },
  ])('$what', ({ behavior, desired, min = 1, max = 100, memory = noMemory, replicas, reason }) => expect(limited(wish({ desired, min, max, memory }), behavior)).toMatchObject({ replicas, reason }));
});

describe('the memory', () => {
  it('forgets what no window reaches', () => {
    const memory = { ...recommended([299, 1], [301, 2]), ups: [{ atMs: NOW - 14_000, by: 1 }, { atMs: NOW - 16_000, by: 1 }] };
    const { recommendations, ups } = remembered(memory, undefined, 300_000, NOW);
    expect([recommendations.length, ups.length]).toEqual([1, 1]);
  });
});
