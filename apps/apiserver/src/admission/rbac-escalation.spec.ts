import { rbac, type rbacv1 } from '@navarch/api';
import { FreshAuthorizer } from '../auth/fresh-authorizer';
import { RbacAuthorizer } from '../auth/rbac/rbac-authorizer';
import { RoleRules } from '../auth/rbac/role-rules';
import type { AdmissionAttributes } from '../pipeline';
import { aUser, anAdmission, refusalOf } from '../testing/admission-attributes';
import { concerns } from '../testing/admit';
import { ObjectTable } from '../testing/object-table';
import { RbacEscalation } from './rbac-escalation';

const apiGroup = 'rbac.authorization.k8s.io';
const jane = aUser('jane', 'system:authenticated');
const readPods: rbacv1.PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const readSecrets: rbacv1.PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] };
const everything: rbacv1.PolicyRule[] = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }];
const may = (verb: string, resource: string, names?: string[]): rbacv1.PolicyRule => ({ verbs: [verb], apiGroups: [apiGroup], resources: [resource], ...(names ? { resourceNames: names } : {}) });
const missing = 'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}';

/** Jane holds these rules in namespace `a`, and those everywhere. */
function world(inNamespace: rbacv1.PolicyRule[], everywhere: rbacv1.PolicyRule[] = []): { plugin: RbacEscalation; table: ObjectTable } {
  const subjects: rbacv1.Subject[] = [{ kind: 'User', name: 'jane' }];
  const table = new ObjectTable()
    .put(rbac.roles, { metadata: { namespace: 'a', name: 'held' }, rules: inNamespace }, { metadata: { namespace: 'a', name: 'secrets' }, rules: [readSecrets] })
    .put(rbac.clusterroles, { metadata: { name: 'held' }, rules: everywhere }, { metadata: { name: 'secrets' }, rules: [readSecrets] }, { metadata: { name: 'pods' }, rules: [readPods] })
    .put(rbac.rolebindings, { metadata: { namespace: 'a', name: 'held' }, roleRef: { apiGroup, kind: 'Role', name: 'held' }, subjects })
    .put(rbac.clusterrolebindings, { metadata: { name: 'held' }, roleRef: { apiGroup, kind: 'ClusterRole', name: 'held' }, subjects });
  const roles = new RoleRules(table);
  const authorizer = new FreshAuthorizer([new RbacAuthorizer(roles)], table);
  return { plugin: new RbacEscalation({ roles, authorizer, reader: table }), table };
}

const role = (rules: rbacv1.PolicyRule[]): AdmissionAttributes => anAdmission({ kind: 'Role', metadata: { namespace: 'a', name: 'new' }, rules } as rbacv1.Role, { group: apiGroup, resource: 'roles', user: jane });
const clusterRole = (rules: rbacv1.PolicyRule[], more: Partial<rbacv1.ClusterRole> = {}): AdmissionAttributes =>
  anAdmission({ kind: 'ClusterRole', metadata: { name: 'new' }, rules, ...more }, { group: apiGroup, resource: 'clusterroles', user: jane });
const binding = (kind: string, name: string): AdmissionAttributes =>
  anAdmission({ kind: 'RoleBinding', metadata: { namespace: 'a', name: 'new' }, roleRef: { apiGroup, kind, name }, subjects: [] } as rbacv1.RoleBinding, { group: apiGroup, resource: 'rolebindings', user: jane });
const clusterBinding = (name: string): AdmissionAttributes =>
  anAdmission({ kind: 'ClusterRoleBinding', metadata: { name: 'new' }, roleRef: { apiGroup, kind: 'ClusterRole', name }, subjects: [] } as rbacv1.ClusterRoleBinding, { group: apiGroup, resource: 'clusterrolebindings', user: jane });
const aggregation = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } };

describe('RbacEscalation', () => {
  it.each<{ reason: string; held: rbacv1.PolicyRule[]; everywhere?: rbacv1.PolicyRule[]; write: AdmissionAttributes; refusal: string }>([
    { reason: 'a role of what its maker holds', held: [readPods], write: role([readPods]), refusal: '' },
    { reason: 'a role of more', held: [readPods], write: role([readPods, readSecrets]), refusal: `roles.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["system:authenticated"]) ${missing}` },
    { reason: 'a role of more, by who may escalate', held: [may('escalate', 'roles')], write: role([readSecrets]), refusal: '' },
    { reason: 'a new role has no name by which one may escalate it', held: [may('escalate', 'roles', ['new'])], write: role([readSecrets]), refusal: missing },
    { reason: 'a cluster role of what is held in a namespace only', held: [readSecrets], write: clusterRole([readSecrets]), refusal: `clusterroles.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["system:authenticated"]) ${missing}` },
    { reason: 'a cluster role of what is held everywhere', held: [], everywhere: [readSecrets], write: clusterRole([readSecrets]), refusal: '' },
    { reason: 'an aggregation', held: [], everywhere: [readPods], write: clusterRole([], aggregation), refusal: 'clusterroles.rbac.authorization.k8s.io "new" is forbidden: must have cluster-admin privileges to use the aggregationRule' },
    { reason: 'an aggregation by who may do all', held: [], everywhere: everything, write: clusterRole([], aggregation), refusal: '' },
    { reason: 'an aggregation that is taken away', held: [], everywhere: [readPods], write: { ...clusterRole([readPods]), operation: 'UPDATE', oldObject: clusterRole([], aggregation).object }, refusal: 'must have cluster-admin privileges to use the aggregationRule' },
    { reason: 'a binding of a role of more', held: [readPods], write: binding('ClusterRole', 'secrets'), refusal: `rolebindings.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["system:authenticated"]) ${missing}` },
    { reason: 'a binding of a Role of more', held: [readPods], write: binding('Role', 'secrets'), refusal: missing },
    { reason: 'a binding of a role of less', held: [readPods, readSecrets], write: binding('ClusterRole', 'pods'), refusal: '' },
    { reason: 'a binding by who may bind the role', held: [may('bind', 'clusterroles', ['secrets'])], write: binding('ClusterRole', 'secrets'), refusal: '' },
    { reason: 'a binding by who may bind another role', held: [may('bind', 'clusterroles', ['pods'])], write: binding('ClusterRole', 'secrets'), refusal: missing },
    { reason: 'a cluster-wide binding by who may bind in a namespace', held: [may('bind', 'clusterroles')], write: clusterBinding('secrets'), refusal: missing },
    { reason: 'a binding of no role', held: [], write: binding('Role', 'none'), refusal: 'roles.rbac.authorization.k8s.io "none" not found' },
    { reason: 'a change of finalizers only', held: [], write: { ...role([readSecrets]), operation: 'UPDATE', oldObject: { ...role([readSecrets]).object, metadata: { namespace: 'a', name: 'new', finalizers: ['x'], resourceVersion: '7' } } }, refusal: '' },
    { reason: 'a change of labels of a role of more', held: [], write: { ...role([readSecrets]), operation: 'UPDATE', oldObject: { ...role([readSecrets]).object, metadata: { namespace: 'a', name: 'new', labels: { a: 'b' } } } }, refusal: missing },
  ])('$reason', async ({ held, everywhere, write, refusal }) => {
    const { plugin } = world(held, everywhere);
    expect(concerns(plugin, write)).toBe(true);
    const said = await refusalOf(() => plugin.validate(write));
    if (refusal === '') expect(said).toBe('');
    else expect(said.endsWith(refusal)).toBe(true);
  });

  it('tells which roles of the maker could not be found', async () => {
    const { plugin, table } = world([]);
    table.put(rbac.rolebindings, { metadata: { namespace: 'a', name: 'lost' }, roleRef: { apiGroup, kind: 'Role', name: 'lost' }, subjects: [{ kind: 'User', name: 'jane' }] });
    expect(await refusalOf(() => plugin.validate(role([readSecrets])))).toContain(`${missing}; resolution errors: [role.rbac.authorization.k8s.io "lost" not found]`);
  });

  it('refuses only on fresh data', async () => {
    const { plugin, table } = world([]);
    table.late.push(() => undefined, () => table.put(rbac.roles, { metadata: { namespace: 'a', name: 'held' }, rules: [readSecrets] }));
    expect(await refusalOf(() => plugin.validate(role([readSecrets])))).toBe('');
  });

  it.each<{ reason: string; over: Partial<AdmissionAttributes> }>([
    { reason: 'members of system:masters', over: { user: aUser('root', 'system:masters') } },
    { reason: 'deletes', over: { operation: 'DELETE' } },
    { reason: 'other groups', over: { group: 'apps' } },
  ])('leaves $reason alone', ({ over }) => {
    expect(concerns(world([]).plugin, { ...role([]), ...over })).toBe(false);
  });
});
