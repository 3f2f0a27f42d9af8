import { rbac } from '@navarch/api';
import type { Decision } from '../pipeline';
import { aRequest, aUser } from '../testing/admission-attributes';
import { ObjectTable } from '../testing/object-table';
import { FreshAuthorizer, type CachedAuthorizer } from './fresh-authorizer';
import { MastersAuthorizer } from './masters-authorizer';
import { RbacAuthorizer } from './rbac/rbac-authorizer';
import { RoleRules } from './rbac/role-rules';

const saying = (decision: Decision, evaluationError?: string): CachedAuthorizer => ({
  name: 'fixed', authorize: () => decision, rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: evaluationError !== undefined, ...(evaluationError === undefined ? {} : { evaluationError }) }),
});
const silent = saying({ verdict: 'no-opinion' });
const jane = aUser('jane');

describe('FreshAuthorizer', () => {
  it.each<{ reason: string; says: CachedAuthorizer[]; decision: Decision }>([
    { reason: 'nobody has an opinion', says: [silent, silent], decision: { verdict: 'no-opinion' } },
    { reason: 'the first that allows decides', says: [saying({ verdict: 'no-opinion', reason: 'x' }), saying({ verdict: 'allow', reason: 'yes' }), saying({ verdict: 'deny' })], decision: { verdict: 'allow', reason: 'yes' } },
    { reason: 'the first that denies decides', says: [silent, saying({ verdict: 'deny', reason: 'never' }), saying({ verdict: 'allow' })], decision: { verdict: 'deny', reason: 'never' } },
    { reason: 'what went wrong does not count once somebody allows', says: [saying({ verdict: 'no-opinion', error: 'x' }), saying({ verdict: 'allow' })], decision: { verdict: 'allow' } },
    { reason: 'what went wrong is said', says: [saying({ verdict: 'no-opinion', error: 'x' }), saying({ verdict: 'no-opinion', error: 'y' })], decision: { verdict: 'no-opinion', error: '[x, y]' } },
    { reason: 'reasons are put together', says: [saying({ verdict: 'no-opinion', reason: 'a' }), silent, saying({ verdict: 'no-opinion', reason: 'b' })], decision: { verdict: 'no-opinion', reason: 'a\nb' } },
  ])('asks in order: $reason', async ({ says, decision }) => {
    expect(await new FreshAuthorizer(says, new ObjectTable()).authorize(jane, aRequest())).toEqual(decision);
  });

  it('looks again on fresh data before it refuses, and not when it allows', async () => {
    const table = new ObjectTable().put(rbac.clusterroles, { metadata: { name: 'reader' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] });
    const authorizer = new FreshAuthorizer([new MastersAuthorizer(), new RbacAuthorizer(new RoleRules(table))], table);
    table.late.push(() => table.put(rbac.clusterrolebindings, { metadata: { name: 'late' }, roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'reader' }, subjects: [{ kind: 'User', name: 'jane' }] }));
    expect(await authorizer.authorize(jane, aRequest())).toMatchObject({ verdict: 'allow' });
    expect(table.refreshes).toBe(1);
    expect(authorizer.authorize(jane, aRequest())).toMatchObject({ verdict: 'allow' });
    expect(authorizer.authorize(aUser('root', 'system:masters'), aRequest({ verb: 'delete' }))).toEqual({ verdict: 'allow' });
    expect(table.refreshes).toBe(1);
  });

  it('puts together what its authorizers know of a user\'s rules', () => {
    expect(new FreshAuthorizer([silent, new MastersAuthorizer(), saying({ verdict: 'allow' }, 'not me'), saying({ verdict: 'allow' }, 'nor me')], new ObjectTable()).rulesFor(jane, 'a')).toEqual({
      resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: '[not me, nor me]',
    });
  });
});
