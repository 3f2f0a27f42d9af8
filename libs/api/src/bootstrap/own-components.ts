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
  {
    name: 'system:navarch:metrics-server',
    user: 'system:metrics-server',
    // nodes/metrics: what kubelets say about usage, pods among it.
    rules: [allow(read, '', 'nodes'), allow('get', '', 'nodes/metrics'), allow('get,create,update', 'apiregistration.k8s.io', 'apiservices'), events],
    inKubeSystem: [allow('get,create,update', '', 'services'), allow('get,create,update', 'discovery.k8s.io', 'endpointslices')],
  },
  {
    name: 'system:navarch:ingress',
    user: 'system:navarch:ingress',
    rules: [
      allow(read, '', 'nodes,secrets,services'), allow(read, 'discovery.k8s.io', 'endpointslices'), allow(read, 'networking.k8s.io', 'ingresses,ingressclasses'),
      allow('create', 'networking.k8s.io', 'ingressclasses'), allow('update,patch', 'networking.k8s.io', 'ingresses/status'), events,
    ],
  },
  { name: 'system:navarch:network-agent', user: 'system:navarch:network-agent', rules: [allow(read, '', 'namespaces,nodes,pods'), allow(read, 'networking.k8s.io', 'networkpolicies'), events] },
  // Beside upstream's rights: the controller that gives load balancers addresses marks Services, and the default range of Service addresses is made there.
  { name: 'system:navarch:controller-manager', user: 'system:kube-controller-manager', rules: [allow('patch', '', 'services'), allow('create', 'networking.k8s.io', 'servicecidrs')] },
  {
    name: 'system:navarch:local-path',
    user: 'system:navarch:local-path',
    // As upstream's role for provisioners, and what lets claims grow.
    rules: [
      allow('get,list,watch,create,update,patch,delete', '', 'persistentvolumes'),
      allow(read, '', 'persistentvolumeclaims'),
      allow('update,patch', '', 'persistentvolumeclaims/status'),
      allow('get,list,watch,create', 'storage.k8s.io', 'storageclasses'),
      allow(read, '', 'nodes'),
      events,
    ],
  },
  {
    name: 'system:navarch:config-restart',
    user: 'system:kube-controller-manager',
    rules: [allow(read, '', 'configmaps,secrets'), allow([...read, 'patch'], 'apps', 'daemonsets,deployments,statefulsets'), events],
  },
];

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = `${rbac}/v1`;
const home = 'kube-system';
const subjectsOf = ({ user: name }: OwnComponent): rbacv1.Subject[] => [{ kind: 'User', apiGroup: rbac, name }];

/** Who may view, edit or administer a namespace may see what its pods use, as upstream's metrics-server grants it. */
const metricsReader: rbacv1.ClusterRole = {
  apiVersion, kind: 'ClusterRole', rules: [allow(read, 'metrics.k8s.io', 'nodes,pods')],
  metadata: bootstrapMeta('system:aggregated-metrics-reader', Object.fromEntries(['admin', 'edit', 'view'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']))),
};

export function ownClusterRoles(): rbacv1.ClusterRole[] {
  return [metricsReader, ...ownComponents.map(({ name, rules }) => ({ apiVersion, kind: 'ClusterRole', metadata: bootstrapMeta(name), rules: [...rules] }))];
}

export function ownClusterRoleBindings(): rbacv1.ClusterRoleBinding[] {
  return ownComponents.map((component) => ({
    apiVersion, kind: 'ClusterRoleBinding', metadata: bootstrapMeta(component.name), roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: component.name }, subjects: subjectsOf(component),
  }));
}

export function ownRoles(): rbacv1.Role[] {
  return ownComponents.flatMap(({ name, inKubeSystem }) =>
    inKubeSystem === undefined ? [] : [{ apiVersion, kind: 'Role', metadata: bootstrapMeta(name, undefined, home), rules: [...inKubeSystem] }],
  );
}

export function ownRoleBindings(): rbacv1.RoleBinding[] {
  return ownComponents.filter(({ inKubeSystem }) => inKubeSystem !== undefined).map((component) => ({
    apiVersion, kind: 'RoleBinding', metadata: bootstrapMeta(component.name, undefined, home), roleRef: { apiGroup: rbac, kind: 'Role', name: component.name }, subjects: subjectsOf(component),
  }));
}
