import type { rbacv1 } from '../gen';
import { allow, read, write } from './policy-rule';

/** How a role of the measured table changes on its way to 1.36. */
interface RoleChange {
  readonly add?: readonly rbacv1.PolicyRule[];
  /** Resources that a rule of the measured table no longer names, by verb of that rule. */
  readonly drop?: readonly { readonly verb: string; readonly group: string; readonly resources: readonly string[] }[];
  /** Replaces all rules. */
  readonly rules?: readonly rbacv1.PolicyRule[];
}

const get = (...urls: string[]): rbacv1.PolicyRule => ({ verbs: ['get'], nonResourceURLs: urls });
const draClaims = 'resourceclaims,resourceclaimtemplates';

/** Roles of users and components, except the controllers' own. */
export const roleChanges: Readonly<Record<string, RoleChange>> = {
  'system:aggregate-to-edit': {
    // Writing Endpoints lets a user send a Service's traffic anywhere: not given by default since 1.22.
    drop: [{ verb: 'create', group: '', resources: ['endpoints'] }],
    add: [
      allow('create', '', 'pods/eviction'),
      allow(write, '', 'events'),
      allow('create', '', 'serviceaccounts/token'),
      allow([...read, ...write], 'coordination.k8s.io', 'leases'),
      allow(write, 'resource.k8s.io', draClaims),
    ],
  },
  'system:aggregate-to-view': {
    add: [
      allow(read, 'discovery.k8s.io', 'endpointslices'),
      allow(read, 'resource.k8s.io', `${draClaims},resourceclaims/status`),
    ],
  },
  'system:basic-user': { add: [allow('create', 'authentication.k8s.io', 'selfsubjectreviews')] },
  'system:kubelet-api-admin': {
    rules: [
      allow(read, '', 'nodes'),
      allow('proxy', '', 'nodes'),
      allow('*', '', 'nodes/configz,nodes/healthz,nodes/log,nodes/metrics,nodes/pods,nodes/proxy,nodes/stats'),
    ],
  },
  'system:monitoring': {
    rules: [get('/flagz', '/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*', '/statusz')],
  },
  'system:node': {
    add: [allow('get', 'resource.k8s.io', 'resourceclaims'), allow('deletecollection', 'resource.k8s.io', 'resourceslices'), allow('get', '', 'serviceaccounts')],
  },
  'system:node-proxier': { add: [allow('list,watch', 'networking.k8s.io', 'servicecidrs')] },
  // Leader election is on Leases only.
  'system:kube-controller-manager': {
    drop: [
      { verb: 'create', group: '', resources: ['endpoints'] },
      { verb: 'update', group: '', resources: ['endpoints'] },
    ],
  },
  'system:kube-scheduler': {
    drop: [
      { verb: 'create', group: '', resources: ['endpoints'] },
      { verb: 'update', group: '', resources: ['endpoints'] },
    ],
    add: [
      allow(read, '', 'namespaces'),
      allow(read, 'storage.k8s.io', 'csidrivers'),
      allow(read, 'storage.k8s.io', 'csistoragecapacities'),
      allow(read, 'storage.k8s.io', 'volumeattachments'),
      allow(read, 'resource.k8s.io', 'deviceclasses,devicetaintrules,resourceclaims,resourceslices'),
      allow('patch,update', 'resource.k8s.io', 'resourceclaims,resourceclaims/binding,resourceclaims/status'),
      // For the claims that stand for the extended resources of a pod.
      allow('create,delete', 'resource.k8s.io', 'resourceclaims'),
      allow(read, 'scheduling.k8s.io', 'podgroups'),
      allow('patch,update', 'scheduling.k8s.io', 'podgroups/status'),
      allow('update', '', 'pods/finalizers'),
    ],
  },
};
