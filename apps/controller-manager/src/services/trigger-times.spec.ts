import type { corev1 } from '@navarch/api';
import { annotateTrigger, TriggerTimes, withTrigger } from './trigger-times';

/** The time so many seconds after a fixed one. */
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const service = (made: number): corev1.Service => ({ metadata: { name: 'web', namespace: 'default', creationTimestamp: at(made) } });
const pods = (turned: Readonly<Record<string, number | undefined>>): corev1.Pod[] =>
  Object.entries(turned).map(([name, second]) => ({ metadata: { name }, status: second === undefined ? {} : { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(second) }] } }));

/** Looks at a Service: when it was made, when its pods turned, and the second that is to be told. */
type Look = [made: number, turned: Readonly<Record<string, number | undefined>>, told: number | undefined];

describe('the time of the change that endpoints tell of', () => {
  it.each<[string, Look[]]>([
    ['is when a Service was made that is seen first', [[2, {}, 2]]],
    ['is that too when its pods are older and younger', [[3, { a: 0, b: 1, c: 5 }, 3]]],
    ['is that of the first of new pods', [[0, {}, 0], [0, { a: 2, b: 1 }, 1]]],
    ['is that of a pod that turned', [[0, { a: 1, b: 1 }, 0], [0, { a: 1, b: 3 }, 3]]],
    ['is that of the first of several changes', [[0, { a: 1 }, 0], [4, { a: 3, b: 5 }, 3]]],
    ['is unknown when a pod went', [[0, { a: 1, b: 2 }, 0], [0, { a: 1 }, undefined]]],
    ['is unknown when nothing changed', [[0, { a: 1 }, 0], [0, { a: 1 }, undefined]]],
    ['is unknown for a pod whose readiness has no time', [[0, {}, 0], [0, { a: undefined }, undefined]]],
    ['is that of a pod that went and came back under its name', [[0, { a: 1 }, 0], [0, {}, undefined], [0, { a: 1 }, 1]]],
    ['does not go back with a clock', [[0, { a: 5 }, 0], [0, { a: 4 }, undefined]]],
    ['is when a Service was made anew', [[0, {}, 0], [6, {}, 6]]],
  ])('%s', (_name, looks) => {
    const times = new TriggerTimes();
    const told = looks.map(([made, turned]) => times.lookedAt('default/web', service(made), pods(turned)));
    expect(told).toEqual(looks.map(([, , second]) => (second === undefined ? undefined : Date.parse(at(second)))));
  });

  it('begins anew for a Service that went', () => {
    const times = new TriggerTimes();
    times.lookedAt('default/web', service(1), []);
    times.forget('default/web');
    expect(times.lookedAt('default/web', service(1), pods({ a: 2 }))).toBe(Date.parse(at(1)));
  });

  it('is written beside other annotations, and taken away by a change without a time', () => {
    const written = annotateTrigger({ team: 'web' }, Date.parse(at(7)));
    expect(written).toEqual({ team: 'web', 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:07Z' });
    expect(withTrigger({ metadata: { name: 'x', annotations: written } }, undefined).metadata).toEqual({ name: 'x', annotations: { team: 'web' } });
  });
});
