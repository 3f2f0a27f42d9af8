import type { corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { deletionConditions, type ContentFacts } from './conditions';
import { retryAfterMs, unexpectedItems } from './sync';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const count = fc.nat(3);
const remaining = fc.uniqueArray(
  fc.record({ resource: fc.constantFrom('pods.', 'secrets.', 'deployments.apps', 'ships.example.com'), count, finalizers: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 3 })).map((own) => new Map(Object.entries(own))) }),
  { selector: ({ resource }) => resource },
).map((all) => all.map((one) => ({ ...one, printed: one.resource, finalizers: one.count === 0 ? new Map<string, number>() : one.finalizers })));
const facts: fc.Arbitrary<ContentFacts> = fc.record({
  remaining,
  errors: fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
  undiscovered: fc.dictionary(fc.constantFrom('v1', 'v2'), fc.constant('gone')).map((own) => new Map(Object.entries(own))),
});
const pods = fc.array(fc.record({ grace: fc.nat(60), isOver: fc.boolean() }), { maxLength: 3 }).map((all) => all.map(({ grace, isOver }): corev1.Pod => ({ metadata: {}, spec: { containers: [], terminationGracePeriodSeconds: grace }, status: { phase: isOver ? 'Failed' : 'Running' } })));

describe('what is said of a namespace that is deleted', () => {
  it('is one condition of each type, true only for what is in the way, and the same in whatever order it is found', () => {
    fc.assert(fc.property(facts, (given) => {
      const conditions = deletionConditions([], given, nowMs);
      const isTrue = Object.fromEntries(conditions.map(({ type, status }) => [type, status === 'True']));
      expect(isTrue).toEqual({
        NamespaceDeletionDiscoveryFailure: given.undiscovered.size > 0,
        NamespaceDeletionGroupVersionParsingFailure: false,
        NamespaceDeletionContentFailure: given.errors.length > 0,
        NamespaceContentRemaining: given.remaining.some((one) => one.count > 0),
        NamespaceFinalizersRemaining: given.remaining.some((one) => one.count > 0 && one.finalizers.size > 0),
      });
      expect(deletionConditions([], { ...given, remaining: [...given.remaining].reverse(), errors: [...given.errors].reverse() }, nowMs)).toEqual(conditions);
    }));
  });

  it('keeps its place among the conditions, behind those of others that were there before it', () => {
    const types = ['NamespaceFinalizersRemaining', 'Quiet', 'NamespaceDeletionDiscoveryFailure'];
    const next = deletionConditions(types.map((type) => ({ type, status: 'True' })), { remaining: [], errors: [], undiscovered: new Map() }, nowMs);
    expect(next.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'NamespaceFinalizersRemaining False', 'Quiet True', 'NamespaceDeletionDiscoveryFailure False',
      'NamespaceDeletionGroupVersionParsingFailure False', 'NamespaceDeletionContentFailure False', 'NamespaceContentRemaining False',
    ]);
  });

  it('keeps its time while it stays as it is, and leaves the conditions of others alone', () => {
    const foreign: corev1.NamespaceCondition = { type: 'Quiet', status: 'True' };
    fc.assert(fc.property(fc.array(facts, { minLength: 1, maxLength: 4 }), (rounds) => {
      let conditions: corev1.NamespaceCondition[] = [foreign];
      for (const [index, round] of rounds.entries()) {
        const next = deletionConditions(conditions, round, nowMs + index * 1000);
        expect(next).toContainEqual(foreign);
        for (const { type, status, lastTransitionTime } of next.filter((one) => one.type !== foreign.type)) {
          const before = conditions.find((one) => one.type === type);
          expect(lastTransitionTime).toBe(before?.status === status ? before.lastTransitionTime : formatTime(nowMs + index * 1000));
        }
        expect(deletionConditions(next, round, nowMs + 60_000)).toEqual(next);
        conditions = next;
      }
    }));
  });
});

describe('what is still in a namespace', () => {
  it('is either waited for, for a while that ends, or told of', () => {
    fc.assert(fc.property(remaining, pods, fc.nat(120), (left, running, seconds) => {
      const told = unexpectedItems('shop', left, running, seconds * 1000);
      const slowest = Math.max(0, ...running.filter(({ status }) => status?.phase === 'Running').map(({ spec }) => spec?.terminationGracePeriodSeconds ?? 0));
      for (const { resource, count: number, finalizers } of left) {
        const isTold = told.some((message) => message.endsWith(`: ${resource}`));
        expect(isTold).toBe(number > 0 && finalizers.size === 0 && (resource !== 'pods.' || seconds >= slowest));
      }
      expect(retryAfterMs(running, left)).toBeGreaterThan(0);
      expect(retryAfterMs(running, left)).toBeLessThanOrEqual((Math.max(slowest, 15) / 2 + 1) * 1000);
    }));
  });
});
