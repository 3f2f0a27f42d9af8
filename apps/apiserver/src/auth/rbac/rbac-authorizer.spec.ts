import { rbac, type rbacv1 } from '@navarch/api';
import { aRequest, aUser } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { RbacAuthorizer } from './rbac-authorizer';
import { RoleRules } from './role-rules';

const apiGroup = 'rbac.authorization.k8s.io';
const user = (name: string): rbacv1.Subject => ({ kind: 'User', apiGroup, name });
const group = (name: string): rbacv1.Subject => ({ kind: 'Group', apiGroup, name });
const clusterRef = (name: string): rbacv1.RoleRef => ({ apiGroup, kind: 'ClusterRole', name });
const roleRef = (name: string): rbacv1.RoleRef => ({ apiGroup, kind: 'Role', name });
const clusterBinding = (name: string, ref: rbacv1.RoleRef, ...subjects: rbacv1.Subject[]): rbacv1.ClusterRoleBinding => ({ metadata: { name }, roleRef: ref, subjects });
const binding = (namespace: string, name: string, ref: rbacv1.RoleRef, ...subjects: rbacv1.Subject[]): rbacv1.RoleBinding => ({ metadata: { namespace, name }, roleRef: ref, subjects });
const readPods: rbacv1.PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

function world(): { table: ObjectTable; authorizer: RbacAuthorizer; decide(name: string, over?: Parameters<typeof aRequest>[0], ...groups: string[]): string } {
  const table = new ObjectTable()
    .put(rbac.clusterroles, { metadata: { name: 'reader' }, rules: [readPods] }, { metadata: { name: 'looker' }, rules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }] }, { metadata: { name: 'empty' } })
    .put(rbac.roles, { metadata: { namespace: 'a', name: 'writer' }, rules: [{ verbs: ['create'], apiGroups: [''], resources: ['pods'] }] });
  const authorizer = new RbacAuthorizer(new RoleRules(table));
  return {
    table, authorizer,
    decide: (name, over, ...groups) => {
      const { verdict, reason } = authorizer.authorize(aUser(name, ...groups), aRequest({ namespace: 'a', ...over }));
      return reason === undefined ? verdict : `${verdict} ${reason}`;
    },
  };
}

describe('RbacAuthorizer', () => {
  it('allows by a binding of the user, with its reason', () => {
    const { table, decide } = world();
    table.put(rbac.clusterrolebindings, clusterBinding('readers', clusterRef('reader'), user('jane')));
    expect(decide('jane')).toBe('allow RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "jane"');
    expect(decide('joe')).toBe('no-opinion');
    expect(decide('jane', { verb: 'delete' })).toBe('no-opinion');
  });

  it.each<{ what: string; subject: rbacv1.Subject; name: string; groups?: string[]; reason: string }>([
    { what: 'a group', subject: group('dev'), name: 'jane', groups: ['dev'], reason: 'Group "dev"' },
    { what: 'a service account', subject: { kind: 'ServiceAccount', namespace: 'b', name: 'robot' }, name: 'system:serviceaccount:b:robot', reason: 'ServiceAccount "robot/b"' },
    { what: 'a service account of the binding\'s namespace', subject: { kind: 'ServiceAccount', name: 'robot' }, name: 'system:serviceaccount:a:robot', reason: 'ServiceAccount "robot/a"' },
    { what: 'a service account by its user name', subject: user('system:serviceaccount:b:robot'), name: 'system:serviceaccount:b:robot', reason: 'User "system:serviceaccount:b:robot"' },
  ])('allows by a binding of $what', ({ subject, name, groups = [], reason }) => {
    const { table, decide } = world();
    table.put(rbac.rolebindings, binding('a', 'some', clusterRef('reader'), subject));
    expect(decide(name, {}, ...groups)).toBe(`allow RBAC: allowed by RoleBinding "some/a" of ClusterRole "reader" to ${reason}`);
    expect(decide(`${name}x`)).toBe('no-opinion');
  });

  it('takes a subject of an unknown kind, or an account of no namespace, for nobody', () => {
    const { table, decide } = world();
    table.put(rbac.clusterrolebindings, clusterBinding('odd', clusterRef('reader'), { kind: 'Robot', name: 'jane' }, { kind: 'ServiceAccount', name: 'robot' }));
    expect(decide('jane')).toBe('no-opinion');
    expect(decide('system:serviceaccount::robot')).toBe('no-opinion');
  });

  it('keeps a RoleBinding to its namespace, and away from paths', () => {
    const { table, decide } = world();
    table.put(rbac.rolebindings, binding('a', 'some', clusterRef('reader'), user('jane')), binding('a', 'paths', clusterRef('looker'), user('jane')), binding('b', 'other', roleRef('writer'), user('joe')));
    expect(decide('jane')).toContain('allow');
    expect(decide('jane', { namespace: 'b' })).toBe('no-opinion');
    expect(decide('jane', { namespace: '' })).toBe('no-opinion');
    expect(decide('jane', { isResource: false, path: '/metrics', resource: '', namespace: '' })).toBe('no-opinion');
    expect(decide('joe', { namespace: 'b', verb: 'create' })).toBe('no-opinion RBAC: role.rbac.authorization.k8s.io "writer" not found');
  });

  it('names all roles that are missing, once', () => {
    const { table, decide } = world();
    table.put(rbac.clusterrolebindings, clusterBinding('x', clusterRef('gone'), user('jane')), clusterBinding('y', clusterRef('gone'), user('jane')), clusterBinding('z', { apiGroup, kind: 'Group', name: 'r' }, user('jane')));
    table.put(rbac.rolebindings, binding('a', 'w', roleRef('lost'), user('jane')));
    expect(decide('jane')).toBe('no-opinion RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, unsupported role reference kind: "Group", role.rbac.authorization.k8s.io "lost" not found]');
  });

  it('follows changes of bindings and roles', () => {
    const { table, decide } = world();
    table.put(rbac.clusterrolebindings, clusterBinding('readers', clusterRef('reader'), user('jane'), group('dev')), clusterBinding('more', clusterRef('reader'), user('ann')));
    expect([decide('jane'), decide('x', {}, 'dev')].every((answer) => answer.startsWith('allow'))).toBe(true);
    table.put(rbac.clusterrolebindings, clusterBinding('readers', clusterRef('reader'), user('joe')));
    expect([decide('jane'), decide('x', {}, 'dev'), decide('joe').slice(0, 5), decide('ann').slice(0, 5)]).toEqual(['no-opinion', 'no-opinion', 'allow', 'allow']);
    table.put(rbac.clusterroles, { metadata: { name: 'reader' }, rules: [] });
    expect(decide('joe')).toBe('no-opinion');
    table.put(rbac.clusterroles, { metadata: { name: 'reader' }, rules: [readPods] });
    table.remove(rbac.clusterrolebindings, '', 'readers');
    expect([decide('joe'), decide('ann').slice(0, 5)]).toEqual(['no-opinion', 'allow']);
  });

  it('lists the rules that a user has in a namespace, each role once', () => {
    const { table, authorizer } = world();
    table.put(rbac.clusterrolebindings, clusterBinding('a', clusterRef('reader'), user('jane'), group('dev')), clusterBinding('b', clusterRef('looker'), group('dev')), clusterBinding('c', clusterRef('empty'), user('jane')));
    table.put(rbac.rolebindings, binding('a', 'w', roleRef('writer'), user('jane')), binding('b', 'w', roleRef('lost'), user('jane')));
    expect(authorizer.rulesFor(aUser('jane', 'dev'), 'a')).toEqual({
      resourceRules: [readPods, { verbs: ['create'], apiGroups: [''], resources: ['pods'] }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }], incomplete: false,
    });
    expect(authorizer.rulesFor(aUser('jane'), 'b')).toMatchObject({ resourceRules: [readPods], evaluationError: 'role.rbac.authorization.k8s.io "lost" not found' });
  });
});
