import type { rbacv1 } from '../gen';
import { allow, events, read } from './policy-rule';

/** What a controller may do whose kind is served only when the apiserver is told to serve it. */
export interface GatedController {
  /** The kind that it is for. */
  readonly group: string;
  readonly resource: string;
  readonly rules: readonly rbacv1.PolicyRule[];
}

/** Rules of roles (`system:controller:<name>`) that upstream makes only where their feature gate is on; here they are made where the kind is served. */
export const gatedControllers: Readonly<Record<string, GatedController>> = {
  'kube-apiserver-serving-clustertrustbundle-publisher': {
    group: 'certificates.k8s.io', resource: 'clustertrustbundles',
    rules: [
      allow('attest', 'certificates.k8s.io', 'signers', ['kubernetes.io/kube-apiserver-serving']),
      allow('create,update,delete,list,watch', 'certificates.k8s.io', 'clustertrustbundles'),
      events,
    ],
  },
  podcertificaterequestcleaner: { group: 'certificates.k8s.io', resource: 'podcertificaterequests', rules: [allow('get,list,watch,delete', 'certificates.k8s.io', 'podcertificaterequests')] },
  'podgroup-protection-controller': {
    group: 'scheduling.k8s.io', resource: 'podgroups',
    rules: [allow('get,list,watch,update', 'scheduling.k8s.io', 'podgroups'), allow(read, '', 'pods'), events],
  },
  'resourcepoolstatusrequest-controller': {
    group: 'resource.k8s.io', resource: 'resourcepoolstatusrequests',
    rules: [
      allow('get,list,watch,delete', 'resource.k8s.io', 'resourcepoolstatusrequests'),
      allow('update,patch', 'resource.k8s.io', 'resourcepoolstatusrequests/status'),
      allow(read, 'resource.k8s.io', 'resourceclaims,resourceslices'),
      events,
    ],
  },
  'storage-version-garbage-collector': {
    group: 'internal.apiserver.k8s.io', resource: 'storageversions',
    rules: [
      allow(read, 'coordination.k8s.io', 'leases'),
      allow('get,list,watch,delete', 'internal.apiserver.k8s.io', 'storageversions'),
      allow('get,update,patch', 'internal.apiserver.k8s.io', 'storageversions/status'),
    ],
  },
  // An apply of what was deleted meanwhile counts as a create, which its uid keeps from succeeding.
  'storage-version-migrator-controller': {
    group: 'storagemigration.k8s.io', resource: 'storageversionmigrations',
    rules: [
      allow('list,create,patch', '*', '*'),
      allow('update', 'storagemigration.k8s.io', 'storageversionmigrations/status'),
      allow('get', 'apiextensions.k8s.io', 'customresourcedefinitions'),
      allow('update', 'apiextensions.k8s.io', 'customresourcedefinitions/status'),
    ],
  },
};

/** What upstream gives to roles of the table only where a gate is on. Whether a kind is served makes no difference to who may read it. */
export const gatedRules: Readonly<Record<string, readonly rbacv1.PolicyRule[]>> = {
  'system:controller:device-taint-eviction-controller': [
    allow(read, 'resource.k8s.io', 'devicetaintrules'),
    allow('patch,update', 'resource.k8s.io', 'devicetaintrules/status'),
  ],
  'system:kube-scheduler': [
    allow(read, 'resource.k8s.io', 'devicetaintrules'),
    allow(read, 'scheduling.k8s.io', 'podgroups'),
    allow('patch,update', 'scheduling.k8s.io', 'podgroups/status'),
  ],
};
