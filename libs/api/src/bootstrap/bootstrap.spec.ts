import type { rbacv1 } from '../gen';
import { bootstrapClusterRoleBindings, bootstrapClusterRoles, bootstrapFlowSchemas, bootstrapPriorityClasses, bootstrapPriorityLevels, bootstrapRoleBindings, bootstrapRoles } from '.';

const roles = new Map(bootstrapClusterRoles().map((role) => [role.metadata.name, role]));
const allows = (role: string, verb: string, group: string, resource: string): boolean =>
  roles.get(role)?.rules?.some((rule) => rule.verbs.includes(verb) && rule.apiGroups?.includes(group) && rule.resources?.includes(resource)) ?? false;

const names = (values: readonly string[] | undefined, wanted: string): boolean => values !== undefined && (values.includes('*') || values.includes(wanted));

/** What a user's bindings allow, everywhere and in a namespace. */
function holds(user: string, verb: string, group: string, resource: string, where: string): boolean {
  const isSubject = ({ subjects }: { subjects?: rbacv1.Subject[] }): boolean => subjects?.some(({ kind, name }) => kind === 'User' && name === user) ?? false;
  const everywhere = bootstrapClusterRoleBindings().filter(isSubject).flatMap(({ roleRef }) => roles.get(roleRef.name)?.rules ?? []);
  const inside = bootstrapRoleBindings().filter((binding) => binding.metadata.namespace === where && isSubject(binding))
    .flatMap(({ roleRef }) => bootstrapRoles().find(({ metadata }) => metadata.namespace === where && metadata.name === roleRef.name)?.rules ?? []);
  return [...everywhere, ...inside].some((rule) => names(rule.verbs, verb) && names(rule.apiGroups, group) && names(rule.resources, resource) && rule.resourceNames === undefined);
}

describe('bootstrap roles', () => {
  it.each([
    { role: 'admin', verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'roles', allowed: true, reason: 'an admin grants rights in a namespace' },
    { role: 'admin', verb: 'get', group: 'apps', resource: 'deployments', allowed: true, reason: 'admin includes view through edit' },
    { role: 'edit', verb: 'create', group: '', resource: 'pods/eviction', allowed: true, reason: 'newer resource' },
    { role: 'edit', verb: 'create', group: 'coordination.k8s.io', resource: 'leases', allowed: true, reason: 'newer resource' },
    { role: 'edit', verb: 'update', group: '', resource: 'endpoints', allowed: false, reason: 'not since 1.22' },
    { role: 'view', verb: 'get', group: '', resource: 'endpoints', allowed: true, reason: 'reading stays' },
    { role: 'view', verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', allowed: true, reason: 'newer resource' },
    { role: 'view', verb: 'get', group: '', resource: 'secrets', allowed: false, reason: 'secrets escalate' },
    { role: 'edit', verb: 'create', group: 'events.k8s.io', resource: 'events', allowed: true, reason: 'measured' },
    { role: 'system:node', verb: 'create', group: 'events.k8s.io', resource: 'events', allowed: true, reason: 'kubelets may tell of events in either group' },
    { role: 'system:kube-scheduler', verb: 'create', group: '', resource: 'pods/binding', allowed: true, reason: 'measured' },
    { role: 'system:kube-scheduler', verb: 'list', group: '', resource: 'namespaces', allowed: true, reason: 'affinity selects namespaces' },
    { role: 'system:kube-scheduler', verb: 'create', group: '', resource: 'endpoints', allowed: false, reason: 'locks are Leases' },
    { role: 'system:controller:job-controller', verb: 'patch', group: 'batch', resource: 'jobs', allowed: true, reason: 'measured' },
    { role: 'system:controller:ephemeral-volume-controller', verb: 'create', group: '', resource: 'persistentvolumeclaims', allowed: true, reason: 'measured' },
  ])('$role may $verb $group/$resource: $allowed ($reason)', ({ role, verb, group, resource, allowed }) => {
    expect(allows(role, verb, group, resource)).toBe(allowed);
  });

  it.each([
    ...['services', 'endpoints', 'pods', 'namespaces'].map((resource) => ({ user: 'system:kube-dns', verb: 'watch', group: '', resource, where: '' })),
    { user: 'system:kube-dns', verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', where: '' },
    { user: 'system:kube-dns', verb: 'create', group: '', resource: 'services', where: 'kube-system' },
    { user: 'system:kube-dns', verb: 'update', group: 'discovery.k8s.io', resource: 'endpointslices', where: 'kube-system' },
    { user: 'system:navarch:network-agent', verb: 'watch', group: '', resource: 'nodes', where: '' },
    { user: 'system:navarch:local-path', verb: 'delete', group: '', resource: 'persistentvolumes', where: '' },
    { user: 'system:kube-proxy', verb: 'watch', group: '', resource: 'services', where: '' },
    { user: 'system:kube-proxy', verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', where: '' },
    { user: 'system:kube-proxy', verb: 'get', group: '', resource: 'nodes', where: '' },
    { user: 'system:kube-proxy', verb: 'create', group: 'events.k8s.io', resource: 'events', where: '' },
    { user: 'system:kube-scheduler', verb: 'create', group: '', resource: 'pods/binding', where: '' },
    { user: 'system:kube-scheduler', verb: 'patch', group: '', resource: 'pods/status', where: '' },
    { user: 'system:kube-scheduler', verb: 'patch', group: '', resource: 'events', where: '' },
    { user: 'system:kube-scheduler', verb: 'delete', group: '', resource: 'pods', where: '' },
    { user: 'system:kube-scheduler', verb: 'watch', group: 'scheduling.k8s.io', resource: 'podgroups', where: '' },
    { user: 'system:kube-scheduler', verb: 'watch', group: 'resource.k8s.io', resource: 'devicetaintrules', where: '' },
    { user: 'system:kube-scheduler', verb: 'patch', group: 'scheduling.k8s.io', resource: 'podgroups/status', where: '' },
    { user: 'system:kube-scheduler', verb: 'update', group: '', resource: 'persistentvolumes', where: '' },
    { user: 'system:kube-scheduler', verb: 'update', group: 'resource.k8s.io', resource: 'resourceclaims/status', where: '' },
    { user: 'system:kube-scheduler', verb: 'update', group: 'resource.k8s.io', resource: 'resourceclaims/binding', where: '' },
    { user: 'system:kube-scheduler', verb: 'create', group: 'coordination.k8s.io', resource: 'leases', where: '' },
    { user: 'system:kube-controller-manager', verb: 'create', group: 'apps', resource: 'replicasets', where: '' },
    { user: 'system:kube-controller-manager', verb: 'update', group: 'resource.k8s.io', resource: 'resourceclaims/binding', where: '' },
    { user: 'system:kube-controller-manager', verb: 'create', group: '', resource: 'pods', where: '' },
    { user: 'system:kube-controller-manager', verb: 'create', group: '', resource: 'serviceaccounts', where: '' },
    { user: 'system:kube-controller-manager', verb: 'create', group: '', resource: 'configmaps', where: '' },
    { user: 'system:kube-controller-manager', verb: 'create', group: 'discovery.k8s.io', resource: 'endpointslices', where: '' },
    { user: 'system:kube-controller-manager', verb: 'update', group: '', resource: 'namespaces/finalize', where: '' },
    { user: 'system:kube-controller-manager', verb: 'escalate', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', where: '' },
    { user: 'system:kube-controller-manager', verb: 'update', group: '', resource: 'pods/status', where: '' },
    { user: 'system:kube-controller-manager', verb: 'delete', group: '', resource: 'secrets', where: 'kube-system' },
  ])('$user may $verb $group/$resource in "$where"', ({ user, verb, group, resource, where }) => {
    expect(holds(user, verb, group, resource, where)).toBe(true);
  });

  it.each([
    { user: 'system:kube-dns', verb: 'create', group: '', resource: 'services', where: '' },
    { user: 'system:kube-dns', verb: 'list', group: '', resource: 'secrets', where: 'kube-system' },
    { user: 'system:navarch:network-agent', verb: 'list', group: '', resource: 'secrets', where: '' },
    { user: 'system:navarch:network-agent', verb: 'patch', group: '', resource: 'nodes', where: '' },
    { user: 'system:navarch:local-path', verb: 'delete', group: '', resource: 'persistentvolumeclaims', where: '' },
    { user: 'system:kube-proxy', verb: 'list', group: '', resource: 'pods', where: '' },
    { user: 'system:kube-scheduler', verb: 'list', group: '', resource: 'secrets', where: '' },
  ])('$user may not $verb $group/$resource in "$where"', ({ user, verb, group, resource, where }) => {
    expect(holds(user, verb, group, resource, where)).toBe(false);
  });

  it.each([
    { reason: 'none of a kind that is not served', served: [], expected: [] },
    { reason: 'those of a kind that is', served: ['storageversionmigrations'], expected: ['system:controller:storage-version-migrator-controller'] },
  ])('has of the controllers for kinds that need asking for: $reason', ({ served, expected }) => {
    const serves = (_group: string, resource: string): boolean => served.includes(resource);
    const more = bootstrapClusterRoles(serves).map(({ metadata }) => metadata.name).filter((name) => !roles.has(name));
    expect(more).toEqual(expected);
    const bound = bootstrapClusterRoleBindings(serves).filter(({ roleRef }) => expected.includes(roleRef.name));
    expect(bound.map(({ subjects }) => subjects?.map(({ name }) => name))).toEqual(expected.map((name) => [name.replace('system:controller:', ''), 'system:kube-controller-manager']));
  });

  it('binds every controller role to its service account', () => {
    const bound = new Set(bootstrapClusterRoleBindings().map(({ roleRef }) => roleRef.name));
    const unbound = [...roles.keys()].filter((name) => name?.startsWith('system:controller:') && !bound.has(name));
    expect(unbound).toEqual([]);
    expect(bootstrapClusterRoleBindings().every(({ roleRef }) => roles.has(roleRef.name))).toBe(true);
    const namespaced = new Set(bootstrapRoles().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    expect(bootstrapRoleBindings().every(({ metadata, roleRef }) => namespaced.has(`${metadata.namespace}/${roleRef.name}`))).toBe(true);
  });

  it('sends every flow schema to a level that exists', () => {
    const levels = new Set(bootstrapPriorityLevels().map(({ metadata }) => metadata.name));
    expect(bootstrapFlowSchemas().filter(({ spec }) => !levels.has(spec?.priorityLevelConfiguration.name))).toEqual([]);
    expect(JSON.stringify(bootstrapPriorityLevels())).not.toContain('assured');
  });

  it('has the two system priority classes', () => {
    expect(bootstrapPriorityClasses().map(({ metadata, value }) => [metadata.name, value])).toEqual([
      ['system-cluster-critical', 2000000000],
      ['system-node-critical', 2000001000],
    ]);
  });

  it('gives fresh objects each time', () => {
    bootstrapClusterRoles()[0]!.metadata.labels = {};
    expect(bootstrapClusterRoles()[0]!.metadata.labels).toMatchObject({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
  });
});
