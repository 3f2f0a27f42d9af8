import type { corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { INVALID_SINCE, planCleaning, type TokenFacts } from './unused-tokens';

const dayMs = 86_400_000;
const nowMs = Date.parse('2026-03-01T12:00:00Z');
const periodMs = 10 * dayMs;
const day = (daysAgo: number): string => new Date(nowMs - daysAgo * dayMs).toISOString().slice(0, 10);

/** What one Secret of an account has lived through, in days before now. */
const life = fc.record({
  madeDaysAgo: fc.nat(40),
  usedDaysAgo: fc.option(fc.nat(40), { nil: undefined }),
  invalidDaysAgo: fc.option(fc.nat(40), { nil: undefined }),
  isMounted: fc.boolean(),
  isReferred: fc.boolean(),
  isEnding: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

function facts(lives: readonly Life[], trackedDaysAgo: number | undefined, atMs = nowMs): TokenFacts {
  const secrets = lives.map(({ madeDaysAgo, usedDaysAgo, invalidDaysAgo, isEnding }, index): corev1.Secret => ({
    metadata: {
      namespace: 'default', name: `s${index}`, creationTimestamp: formatTime(nowMs - madeDaysAgo * dayMs), annotations: { 'kubernetes.io/service-account.name': 'account' },
      labels: { ...(usedDaysAgo === undefined ? {} : { 'kubernetes.io/legacy-token-last-used': day(usedDaysAgo) }), ...(invalidDaysAgo === undefined ? {} : { [INVALID_SINCE]: day(invalidDaysAgo) }) },
      ...(isEnding ? { deletionTimestamp: formatTime(nowMs) } : {}),
    },
    type: 'kubernetes.io/service-account-token',
  }));
  const account: corev1.ServiceAccount = { metadata: { namespace: 'default', name: 'account', uid: 'u' }, secrets: lives.flatMap(({ isReferred }, index) => (isReferred ? [{ name: `s${index}` }] : [])) };
  const pods = lives.flatMap(({ isMounted }, index): corev1.Pod[] => (isMounted ? [{ metadata: { namespace: 'default', name: `p${index}` }, spec: { containers: [], volumes: [{ name: 'v', secret: { secretName: `s${index}` } }] } }] : []));
  return { secrets, pods, account: ({ name }) => (name === 'account' ? account : undefined), trackedSince: trackedDaysAgo === undefined ? undefined : day(trackedDaysAgo), nowMs: atMs, periodMs };
}

const names = (secrets: readonly corev1.Secret[]): string[] => secrets.map(({ metadata }) => metadata.name ?? '');
const lives = fc.array(life, { maxLength: 6 });
const tracked = fc.option(fc.nat(40), { nil: undefined });

describe('what is done with old tokens', () => {
  it('touches none that was made or used within the period, is mounted, is on its way out, or is nobody\'s', () => {
    fc.assert(fc.property(lives, tracked, (all, since) => {
      const { invalidate, remove } = planCleaning(facts(all, since));
      for (const name of [...names(invalidate), ...names(remove)]) {
        const touched = all[Number(name.slice(1))] as Life;
        expect(touched).toMatchObject({ isMounted: false, isReferred: true, isEnding: false });
        expect(touched.madeDaysAgo).toBeGreaterThan(10);
        expect(touched.usedDaysAgo ?? 11).toBeGreaterThan(10);
      }
    }));
  });

  it('touches none before uses have been noted for a whole period', () => {
    fc.assert(fc.property(lives, tracked, (all, since) => {
      const { invalidate, remove } = planCleaning(facts(all, since));
      if (since === undefined || since <= 10) expect([...invalidate, ...remove]).toEqual([]);
    }));
  });

  it('removes none that has not been invalid for a whole period, and invalidates none twice', () => {
    fc.assert(fc.property(lives, tracked, (all, since) => {
      const { invalidate, remove } = planCleaning(facts(all, since));
      for (const name of names(remove)) expect(all[Number(name.slice(1))]?.invalidDaysAgo).toBeGreaterThan(10);
      for (const name of names(invalidate)) expect(all[Number(name.slice(1))]?.invalidDaysAgo).toBeUndefined();
    }));
  });

  it('comes to an end: what nobody uses is invalid after one period and gone after two', () => {
    fc.assert(fc.property(lives, (all) => {
      const idle = all.map((one) => ({ ...one, isMounted: false, isReferred: true, isEnding: false, invalidDaysAgo: undefined }));
      const later = facts(idle, 40, nowMs + 41 * dayMs);
      const { invalidate, remove } = planCleaning(later);
      expect([names(invalidate), remove]).toEqual([idle.map((_, index) => `s${index}`), []]);
      const marked = facts(idle.map((one) => ({ ...one, invalidDaysAgo: 0 })), 40, nowMs + 41 * dayMs);
      expect(names(planCleaning(marked).remove)).toEqual(idle.map((_, index) => `s${index}`));
    }));
  });
});
