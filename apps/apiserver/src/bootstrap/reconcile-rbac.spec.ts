import { bootstrapClusterRoleBindings, bootstrapClusterRoles, bootstrapRoleBindings, bootstrapRoles, rbac, scheduling, type KubeObject, type rbacv1, type ResourceType } from '@navarch/api';
import { ObjectTable } from '../testing/object-table';
import { bootstrapHooks } from './bootstrap-hooks';
import { bindsAnotherRole, reconciledBinding, reconciledRole } from './reconcile-rbac';

const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const get: rbacv1.PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const list: rbacv1.PolicyRule = { verbs: ['list'], apiGroups: [''], resources: ['pods'] };
const role = (rules: rbacv1.PolicyRule[], more: Partial<rbacv1.ClusterRole> = {}): rbacv1.ClusterRole => ({ metadata: { name: 'r', labels }, rules, ...more });
const selecting = (...keys: string[]): rbacv1.AggregationRule => ({ clusterRoleSelectors: keys.map((key) => ({ matchLabels: { [key]: 'true' } })) });
const jane: rbacv1.Subject = { kind: 'User', name: 'jane' };
const joe: rbacv1.Subject = { kind: 'User', name: 'joe' };
const binding = (subjects: rbacv1.Subject[], name = 'r'): rbacv1.ClusterRoleBinding => ({ metadata: { name: 'b', labels }, roleRef: { apiGroup: rbac.roles.group, kind: 'ClusterRole', name }, subjects });

describe('reconciledRole', () => {
  it.each<{ reason: string; existing: rbacv1.ClusterRole; wanted: rbacv1.ClusterRole; becomes: Partial<rbacv1.ClusterRole> | undefined }>([
    { reason: 'nothing is missing', existing: role([get]), wanted: role([get]), becomes: undefined },
    { reason: 'what users added stays', existing: role([get, list]), wanted: role([get]), becomes: undefined },
    { reason: 'a wider rule covers', existing: role([{ ...get, verbs: ['*'] }]), wanted: role([get, list]), becomes: undefined },
    { reason: 'a missing rule is added', existing: role([list]), wanted: role([get]), becomes: { rules: [list, get] } },
    { reason: 'of a rule only what is missing', existing: role([get]), wanted: role([{ ...get, verbs: ['get', 'list'] }]), becomes: { rules: [get, list] } },
    { reason: 'labels come back, changed ones stay', existing: role([get], { metadata: { name: 'r', labels: { a: 'mine' } } }), wanted: role([get], { metadata: { name: 'r', labels: { a: 'b', ...labels } } }), becomes: { metadata: { name: 'r', labels: { a: 'mine', ...labels } } } },
    { reason: 'annotations come back', existing: role([get]), wanted: role([get], { metadata: { name: 'r', labels, annotations: { x: 'y' } } }), becomes: { metadata: { name: 'r', labels, annotations: { x: 'y' } } } },
    { reason: 'an aggregation comes back', existing: role([get]), wanted: role([], { aggregationRule: selecting('a') }), becomes: { rules: [get], aggregationRule: selecting('a') } },
    { reason: 'a selector comes back beside the users\'', existing: role([get], { aggregationRule: selecting('mine') }), wanted: role([], { aggregationRule: selecting('a') }), becomes: { aggregationRule: selecting('mine', 'a') } },
    { reason: 'aggregated rules are not added', existing: role([], { aggregationRule: selecting('a') }), wanted: role([get], { aggregationRule: selecting('a') }), becomes: undefined },
  ])('$reason', ({ existing, wanted, becomes }) => {
    expect(reconciledRole(existing, wanted)).toEqual(becomes && { ...existing, ...becomes });
  });
});

describe('reconciledBinding', () => {
  it('adds missing subjects and keeps those of users', () => {
    expect(reconciledBinding(binding([joe]), binding([jane]))).toEqual(binding([joe, jane]));
    expect(reconciledBinding(binding([joe, jane]), binding([jane]))).toBeUndefined();
    expect(bindsAnotherRole(binding([]), binding([], 'other'))).toBe(true);
    expect(bindsAnotherRole(binding([]), binding([jane]))).toBe(false);
  });
});

describe('bootstrap hooks', () => {
  const names = ['rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes', 'priority-and-fairness-config-producer'];
  const { signal } = new AbortController();

  async function run(table: ObjectTable): Promise<void> {
    for (const hook of bootstrapHooks(table.writer)) await hook.run(signal);
  }

  it('make all defaults, and change nothing the second time', async () => {
    const table = new ObjectTable();
    expect(bootstrapHooks(table.writer).map(({ name }) => name)).toEqual(names);
    await run(table);
    expect([table.list(rbac.clusterroles), table.list(rbac.clusterrolebindings), table.list(rbac.roles), table.list(rbac.rolebindings), table.list(scheduling.priorityclasses)].map(({ length }) => length)).toEqual([
      bootstrapClusterRoles().length, bootstrapClusterRoleBindings().length, bootstrapRoles().length, bootstrapRoleBindings().length, 2,
    ]);
    const changes: string[] = [];
    const types: readonly ResourceType<KubeObject>[] = [rbac.clusterroles, rbac.clusterrolebindings, rbac.roles, rbac.rolebindings];
    for (const type of types) table.onChange(type, ({ object }) => changes.push(object.metadata.name ?? ''));
    await run(table);
    expect(changes).toEqual([]);
  });

  it('repair what was changed, unless its owner says not to', async () => {
    const table = new ObjectTable();
    await run(table);
    const keep = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    const emptied = (name: string, annotations: Record<string, string> = {}): rbacv1.ClusterRole => ({ metadata: { name, annotations }, rules: [] });
    table.put(rbac.clusterroles, emptied('system:kube-scheduler'), emptied('system:node-proxier', keep));
    const other: rbacv1.ClusterRoleBinding = { metadata: { name: 'system:kube-scheduler' }, roleRef: { apiGroup: rbac.roles.group, kind: 'ClusterRole', name: 'view' }, subjects: [] };
    table.put(rbac.clusterrolebindings, other);
    await run(table);
    expect(table.get(rbac.clusterroles, '', 'system:kube-scheduler')?.rules?.length).toBeGreaterThan(10);
    expect(table.get(rbac.clusterroles, '', 'system:node-proxier')?.rules).toEqual([]);
    expect(table.get(rbac.clusterrolebindings, '', 'system:kube-scheduler')).toMatchObject({ roleRef: { name: 'system:kube-scheduler' }, subjects: [{ name: 'system:kube-scheduler' }] });
  });

  it('stop when the server does', async () => {
    const stopped = AbortSignal.abort(new Error('stopping'));
    await expect(bootstrapHooks(new ObjectTable().writer)[0]?.run(stopped)).rejects.toThrow('stopping');
  });
});
