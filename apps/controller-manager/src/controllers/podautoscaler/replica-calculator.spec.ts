import type { corev1 } from '@navarch/api';
import { forAverage, forRatio, forShare, forUtilization, type Measured } from './replica-calculator';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const text = (agoSeconds: number): string => new Date(NOW - agoSeconds * 1000).toISOString();
const pod = (name: string, more: { phase?: string; ready?: 'False' | 'True'; startedAgo?: number; readyAgo?: number; deleted?: boolean; request?: string } = {}): corev1.Pod => {
  const { phase = 'Running', ready = 'True', startedAgo = 3600, readyAgo = 3500, deleted = false, request = '1' } = more;
  return {
    metadata: { name, ...(deleted ? { deletionTimestamp: text(1) } : {}) },
    spec: { containers: [{ name: 'c', resources: { requests: request === '' ? {} : { cpu: request } } }] },
    status: { phase, startTime: text(startedAgo), conditions: [{ type: 'Ready', status: ready, lastTransitionTime: text(readyAgo) }] },
  };
};
const measured = (pods: corev1.Pod[], used: Record<string, number>, current = pods.length): Measured => ({
  current, pods, resource: 'cpu', tolerances: { up: 0.1, down: 0.1 },
  metrics: new Map(Object.entries(used).map(([name, milli]) => [name, { milli, timestampMs: NOW, windowMs: 10_000 }])),
  rules: { nowMs: NOW, cpuInitializationMs: 300_000, initialReadinessDelayMs: 30_000 },
});
const three = [pod('a'), pod('b'), pod('c')];

describe('replicas for a share of what is requested', () => {
  it.each([
    { what: 'grow with use', pods: three, used: { a: 900, b: 900, c: 900 }, replicas: 6 },
    { what: 'shrink with it', pods: three, used: { a: 100, b: 100, c: 100 }, replicas: 1 },
    { what: 'stay within the tolerance', pods: three, used: { a: 540, b: 540, c: 540 }, replicas: 3 },
    { what: 'grow less for pods without a metric: they count as idle', pods: three, used: { a: 950, b: 950 }, replicas: 4 },
    { what: 'shrink less for pods without a metric: they count as busy', pods: [...three, pod('d')], used: { a: 100, b: 100, c: 100 }, replicas: 3 },
    { what: 'stay at the target, though a pod has no metric', pods: [...three, pod('d')], used: { a: 500, b: 500, c: 500 }, replicas: 4 },
    { what: 'stay if only guesses would turn the direction', pods: three, used: { a: 400, b: 400 }, replicas: 3 },
    { what: 'grow less for pods that are not ready', pods: [pod('a'), pod('b'), pod('c', { ready: 'False', startedAgo: 60 })], used: { a: 900, b: 900, c: 2000 }, replicas: 4 },
    { what: 'leave pods out that fail or go', pods: [pod('a'), pod('b', { phase: 'Failed' }), pod('c', { deleted: true })], used: { a: 900, b: 0, c: 0 }, current: 1, replicas: 2 },
    { what: 'believe a pod that starts only after a whole window', pods: [pod('a'), pod('b', { startedAgo: 60, readyAgo: 5 })], used: { a: 900, b: 900 }, replicas: 2 },
  ])('$what', ({ pods, used, current, replicas }) => {
    expect(forUtilization(measured(pods, used as unknown as Record<string, number>, current), 50).replicas).toBe(replicas);
  });

  it('tell how much is used', () => {
    expect(forUtilization(measured(three, { a: 100, b: 200, c: 303 }), 50)).toMatchObject({ percent: 20, averageMilli: 201 });
  });

  /** By upstream's TestCalculateRequests; every container uses 300m. */
  it.each<{ what: string; spec: Partial<corev1.PodSpec>; container?: string; percent: number }>([
    { what: 'all its containers', spec: {}, percent: 200 },
    { what: 'its sidecars, and not its other init containers', spec: { initContainers: [{ name: 'i', resources: { requests: { cpu: '5' } } }, { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '150m' } } }] }, percent: 100 },
    { what: 'the pod as a whole, if that says so', spec: { resources: { requests: { cpu: '600m' } } }, percent: 50 },
    { what: 'the one container that is meant', spec: { resources: { requests: { cpu: '600m' } } }, container: 'a', percent: 300 },
  ])('are those of $what', ({ spec, container, percent }) => {
    const requesting = (name: string, cpu: string): corev1.Container => ({ name, resources: { requests: { cpu } } });
    const one: corev1.Pod = { ...pod('p'), spec: { containers: [requesting('a', '100m'), requesting('b', '50m')], ...spec } };
    expect(forUtilization(measured([one], { p: 300 }), 50, container).percent).toBe(percent);
  });

  it('cannot be told for a container that a pod does not have', () => {
    expect(() => forUtilization(measured([pod('a')], { a: 1 }), 50, 'other')).toThrow('container other not found in Pod a');
  });

  it.each([
    { what: 'a container without a request', pods: [pod('a', { request: '' })], used: { a: 1 }, error: 'missing request for cpu in container c of Pod a' },
    { what: 'no pods', pods: [], used: {}, error: 'no pods returned by selector while calculating replica count' },
    { what: 'pods of which none is ready', pods: [pod('a', { phase: 'Pending' })], used: {}, error: 'did not receive metrics for targeted pods (pods might be unready)' },
  ])('cannot be told for $what', ({ pods, used, error }) => {
    expect(() => forUtilization(measured(pods, used as unknown as Record<string, number>), 50)).toThrow(error);
  });
});

describe('replicas for other targets', () => {
  it('follow an average by pod', () => expect(forAverage(measured(three, { a: 20_000, b: 20_000, c: 20_000 }), 10_000)).toEqual({ replicas: 6, averageMilli: 20_000 }));
  it('shrink at an average that is met exactly, for pods without a metric count as idle', () => expect(forAverage(measured([...three, pod('d')], { a: 10_000, b: 10_000, c: 10_000 }), 10_000).replicas).toBe(3));
  it.each([
    [3, 2, 6], [3, 1.05, 3], [3, 0.3, 1], [0, 2.5, 3],
  ])('of %i at %d times the target are %i', (current, ratio, expected) => expect(forRatio(current, ratio, { up: 0.1, down: 0.1 }, three)).toBe(expected));
  it.each([
    [3, 60_000, 10_000, 6], [3, 31_000, 10_000, 3], [0, 25_000, 10_000, 3],
  ])('share a value among %i', (replicas, usage, target, expected) => expect(forShare(replicas, usage, target, { up: 0.1, down: 0.1 }).replicas).toBe(expected));
  it('have a tolerance for each direction', () => expect(forRatio(10, 1.3, { up: 0.5, down: 0 }, three)).toBe(10));
});
