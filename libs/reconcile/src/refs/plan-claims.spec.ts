import type { corev1, metav1 } from '@navarch/api';
import { planClaims } from './plan-claims';

const owner = (deleting = false) => ({ metadata: { name: 'web', namespace: 'default', uid: 'owner', ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) } });
const selector = { matchLabels: { app: 'web' } };
const pod = (name: string, app: string, controller?: string, extra: Partial<metav1.ObjectMeta> = {}): corev1.Pod => ({
  metadata: {
    name,
    namespace: 'default',
    labels: { app },
    ...(controller === undefined ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: controller, uid: controller, controller: true }] }),
    ...extra,
  },
});
const names = (pods: corev1.Pod[]): (string | undefined)[] => pods.map(({ metadata }) => metadata.name);

describe('claims', () => {
  it.each([
    { reason: 'its own and matching stays', given: pod('a', 'web', 'owner'), owned: ['a'], adopt: [], release: [] },
    { reason: 'its own but not matching is released', given: pod('a', 'db', 'owner'), owned: [], adopt: [], release: ['a'] },
    { reason: "another controller's is left alone", given: pod('a', 'web', 'other'), owned: [], adopt: [], release: [] },
    { reason: 'an orphan that matches is adopted', given: pod('a', 'web'), owned: [], adopt: ['a'], release: [] },
    { reason: 'an orphan that does not match is left alone', given: pod('a', 'db'), owned: [], adopt: [], release: [] },
    { reason: 'an orphan on its way out is left alone', given: pod('a', 'web', undefined, { deletionTimestamp: '2026-01-01T00:00:00Z' }), owned: [], adopt: [], release: [] },
    { reason: 'an orphan elsewhere is left alone', given: pod('a', 'web', undefined, { namespace: 'other' }), owned: [], adopt: [], release: [] },
  ])('$reason', ({ given, owned, adopt, release }) => {
    const claims = planClaims([given], { owner: owner(), selector });
    expect({ owned: names(claims.owned), adopt: names(claims.adopt), release: names(claims.release) }).toEqual({ owned, adopt, release });
  });

  it('are given up, and not made, where more must hold than the selector', () => {
    const claims = planClaims([pod('a', 'web', 'owner'), pod('xa', 'web', 'owner'), pod('b', 'web'), pod('xb', 'web')], { owner: owner(), selector, member: ({ metadata }) => metadata.name?.startsWith('x') !== true });
    expect([names(claims.owned), names(claims.adopt), names(claims.release)]).toEqual([['a'], ['b'], ['xa']]);
  });

  it('are neither made nor given up by an owner that is being deleted', () => {
    const claims = planClaims([pod('a', 'web'), pod('b', 'db', 'owner'), pod('c', 'web', 'owner')], { owner: owner(true), selector });
    expect(names(claims.owned)).toEqual(['c']);
    expect(claims.adopt).toEqual([]);
    expect(claims.release).toEqual([]);
  });
});
