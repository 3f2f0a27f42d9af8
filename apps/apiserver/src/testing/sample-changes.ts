type Patch = Readonly<Record<string, unknown>>;

const replicas = { spec: { replicas: 4 } };
const condition = { type: 'Sampled', status: 'True', reason: 'Sampled', message: 'sampled', lastTransitionTime: '2026-01-01T00:00:00Z' };
const conditions = { status: { conditions: [condition] } };
const policy = { spec: { matchConstraints: { matchPolicy: 'Exact' } } };
const bindingOf = (key: string): Patch => ({ spec: { matchResources: { namespaceSelector: { matchLabels: { [key]: 'x' } } } } });
const webhook = { webhooks: [{ name: 'hook.example.com', clientConfig: { url: 'https://hooks.example.com/other' }, sideEffects: 'None', admissionReviewVersions: ['v1'] }] };

/**
 * Merge patches that change what is wanted, by `<group>/<version>/<resource>`: all kinds that count generations, as their strategies in
 * upstream's pkg/registry do.
 */
export const wantedChanges: Readonly<Record<string, Patch>> = {
  '/v1/pods': { spec: { activeDeadlineSeconds: 1000 } },
  '/v1/podtemplates': { template: { metadata: { labels: { other: 'x' } } } },
  '/v1/replicationcontrollers': replicas,
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': policy,
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings': bindingOf('a'),
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': webhook,
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': policy,
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': bindingOf('a'),
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations': webhook,
  'apiextensions.k8s.io/v1/customresourcedefinitions': { spec: { names: { shortNames: ['sam'] } } },
  'apps/v1/daemonsets': { spec: { minReadySeconds: 5 } },
  'apps/v1/deployments': replicas,
  'apps/v1/replicasets': replicas,
  'apps/v1/statefulsets': replicas,
  'batch/v1/cronjobs': { spec: { suspend: true } },
  'batch/v1/jobs': { spec: { suspend: true } },
  'discovery.k8s.io/v1/endpointslices': { ports: [{ port: 81 }] },
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': { spec: { matchingPrecedence: 9000 } },
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': { spec: { limited: { nominalConcurrencyShares: 3 } } },
  'networking.k8s.io/v1/ingresses': { spec: { ingressClassName: 'other' } },
  'networking.k8s.io/v1/ingressclasses': { spec: { parameters: { kind: 'Parameters', name: 'p', apiGroup: 'example.com', scope: 'Cluster' } } },
  'networking.k8s.io/v1/networkpolicies': { spec: { policyTypes: ['Egress'] } },
  'policy/v1/poddisruptionbudgets': { spec: { minAvailable: 2 } },
  'resource.k8s.io/v1/deviceclasses': { spec: { selectors: [] } },
  'resource.k8s.io/v1/resourceslices': { spec: { devices: [{ name: 'device-2' }] } },
};

/** Merge patches of the status of every kind that has one as a subresource. */
export const statusChanges: Readonly<Record<string, Patch>> = {
  '/v1/namespaces': conditions,
  '/v1/nodes': conditions,
  '/v1/persistentvolumeclaims': { status: { conditions: [{ ...condition, type: 'Resizing' }] } },
  '/v1/persistentvolumes': { status: { message: 'sampled' } },
  '/v1/pods': { status: { message: 'sampled' } },
  '/v1/replicationcontrollers': { status: { replicas: 2 } },
  '/v1/resourcequotas': { status: { hard: { pods: '7' } } },
  '/v1/services': { status: { conditions: [condition] } },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': conditions,
  'apiextensions.k8s.io/v1/customresourcedefinitions': conditions,
  'apiregistration.k8s.io/v1/apiservices': conditions,
  'apps/v1/daemonsets': { status: { numberReady: 2 } },
  'apps/v1/deployments': { status: { replicas: 2 } },
  'apps/v1/replicasets': { status: { replicas: 2 } },
  'apps/v1/statefulsets': { status: { replicas: 2 } },
  'autoscaling/v1/horizontalpodautoscalers': { status: { currentReplicas: 2, desiredReplicas: 2 } },
  'autoscaling/v2/horizontalpodautoscalers': { status: { currentReplicas: 2, desiredReplicas: 2 } },
  'batch/v1/cronjobs': { status: { lastScheduleTime: '2026-01-01T00:00:00Z' } },
  'batch/v1/jobs': { status: { active: 1, startTime: '2026-01-01T00:00:00Z' } },
  'certificates.k8s.io/v1/certificatesigningrequests': conditions,
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': conditions,
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': conditions,
  'networking.k8s.io/v1/ingresses': { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } },
  'networking.k8s.io/v1/servicecidrs': conditions,
  'policy/v1/poddisruptionbudgets': { status: { currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, disruptionsAllowed: 1 } },
  'resource.k8s.io/v1/resourceclaims': {
    status: {
      reservedFor: [{ resource: 'pods', name: 'sample', uid: 'u' }],
      allocation: { devices: { results: [{ request: 'one', driver: 'sample.example.com', pool: 'p', device: 'd' }] } },
    },
  },
  'storage.k8s.io/v1/volumeattachments': { status: { attached: true } },
};
