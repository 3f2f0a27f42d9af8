import type { rbacv1 } from '@navarch/api';

const read = ['get', 'list', 'watch'];

/** What every kubelet may do with resources that are not a node's own: upstream's bootstrappolicy.NodeRules, less what the Node authorizer decides itself. */
export const nodeRules: readonly rbacv1.PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
  { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews', 'localsubjectaccessreviews'] },
  { verbs: read, apiGroups: [''], resources: ['services'] },
  // Not upstream's: a node may follow them on NATS (rules 3.8), so also here.
  { verbs: read, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
  { verbs: ['create', 'update', 'patch'], apiGroups: [''], resources: ['events'] },
  { verbs: ['get'], apiGroups: [''], resources: ['endpoints'] },
  { verbs: ['create', ...read], apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'] },
  { verbs: read, apiGroups: ['storage.k8s.io'], resources: ['csidrivers'] },
  { verbs: read, apiGroups: ['certificates.k8s.io'], resources: ['clustertrustbundles'] },
  { verbs: read, apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'] },
];
