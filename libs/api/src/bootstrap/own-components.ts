import type { rbacv1 } from '../gen';
import { bootstrapMeta } from './metadata';
import { allow, events, read } from './policy-rule';

/** A component that upstream does not have, or runs as a pod of its users: what it may do as the user of its certificate. */
interface OwnComponent {
  /** Of its roles and bindings. */
  readonly name: string;
  readonly user: string;
  readonly rules: readonly rbacv1.PolicyRule[];
  /** What it may do in kube-system besides. */
  readonly inKubeSystem?: readonly rbacv1.PolicyRule[];
}

const ownComponents: readonly OwnComponent[] = [
  {
    name: 'system:navarch:dns',
    user: 'system:kube-dns',
    rules: [allow(read, '', 'endpoints,namespaces,pods,services'), allow(read, 'discovery.k8s.io', 'endpointslices'), events],
    // It makes the Service by which pods find it.
    inKubeSystem: [allow('get,create,update', '', 'services'), allow('get,create,update', 'discovery.k8s.io', 'endpointslices')],
  },
  { name: 'system:navarch:network-agent', user: 'system:navarch:network-agent', rules: [allow(read, '', 'nodes'), events] },
];

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = `${rbac}/v1`;
const home = 'kube-system';
const subjectsOf = ({ user: name }: OwnComponent): rbacv1.Subject[] => [{ kind: 'User', apiGroup: rbac, name }];

export function ownClusterRoles(): rbacv1.ClusterRole[] {
  return ownComponents.map(({ name, rules }) => ({ apiVersion, kind: 'ClusterRole', metadata: bootstrapMeta(name), rules: [...rules] }));
}

export function ownClusterRoleBindings(): rbacv1.ClusterRoleBinding[] {
  return ownComponents.map((component) => ({
    apiVersion, kind: 'ClusterRoleBinding', metadata: bootstrapMeta(component.name), roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: component.name }, subjects: subjectsOf(component),
  }));
}

export function ownRoles(): rbacv1.Role[] {
  return ownComponents.flatMap(({ name, inKubeSystem }) => (inKubeSystem === undefined ? [] : [{ apiVersion, kind: 'Role', metadata: bootstrapMeta(name, undefined, home), rules: [...inKubeSystem] }]));
}

export function ownRoleBindings(): rbacv1.RoleBinding[] {
  return ownComponents.filter(({ inKubeSystem }) => inKubeSystem !== undefined).map((component) => ({
    apiVersion, kind: 'RoleBinding', metadata: bootstrapMeta(component.name, undefined, home), roleRef: { apiGroup: rbac, kind: 'Role', name: component.name }, subjects: subjectsOf(component),
  }));
}
