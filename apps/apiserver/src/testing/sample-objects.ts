/** The least that each built-in resource takes. By `<group>/<version>/<resource>`; names and labels are the test's to add. */
type Sample = Readonly<Record<string, unknown>>;

const template = { metadata: { labels: { app: 'sample' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } };
const selector = { matchLabels: { app: 'sample' } };
const workload = { spec: { selector, template } };
const jobTemplate = { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } };
const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
const webhookRules = [{ apiGroups: ['apps.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['things'] }];
const webhooks = [{ name: 'hook.example.com', clientConfig: { url: 'https://hooks.example.com/' }, rules: webhookRules, sideEffects: 'None', admissionReviewVersions: ['v1'] }];
const matchConstraints = { resourceRules: webhookRules };
const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }];
const claim = { spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'sample.example.com' } }] } } };

/** Signed by its own key, which nobody has kept. */
const certificateRequest = Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----
MIHfMIGFAgEAMCMxDzANBgNVBAMMBnNhbXBsZTEQMA4GA1UECgwHc2FtcGxlczBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABNUGTZ+fp4QJW/ckMjLrxw6udv+q/VM/
84CmOs1iGsmDxKJ8HUr+gDSVr2cmkwkC/hcfXxbPBq4bq+VkguNzGCegADAKBggq
hkjOPQQDAgNJADBGAiEA20lNrMONNz6Ap3B6/li5+amhPo5Bx4me0vfT346XtgwC
IQD4bXX/qqS5p9aKaIzEbWbOj77P4BkHzA327U//sQZm7w==
-----END CERTIFICATE REQUEST-----
`).toString('base64');

/** By its ordinal, where samples must differ in more than their names. */
export const sampleObjects: Readonly<Record<string, Sample | ((nth: number) => Sample)>> = {
  '/v1/configmaps': { data: { a: '1' } },
  '/v1/endpoints': { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] },
  '/v1/events': { involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'Sampled', message: 'hello', type: 'Normal' },
  '/v1/limitranges': { spec: { limits: [{ type: 'Container', default: { cpu: '100m' } }] } },
  '/v1/namespaces': {},
  '/v1/nodes': {},
  '/v1/persistentvolumeclaims': { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  '/v1/persistentvolumes': { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/sample' } } },
  '/v1/pods': { spec: { ...template.spec, terminationGracePeriodSeconds: 0 } },
  '/v1/podtemplates': { template },
  '/v1/replicationcontrollers': { spec: { selector: { app: 'sample' }, template } },
  '/v1/resourcequotas': { spec: { hard: { 'count/widgets.example.com': '5' } } },
  '/v1/secrets': { stringData: { a: '1' } },
  '/v1/serviceaccounts': {},
  '/v1/services': { spec: { ports: [{ port: 80 }] } },
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': {
    spec: { matchConstraints, reinvocationPolicy: 'Never', mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' } }] },
  },
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings': { spec: { policyName: 'sample.example.com' } },
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': { webhooks },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': { spec: { matchConstraints, validations: [{ expression: 'true' }] } },
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': { spec: { policyName: 'sample.example.com', validationActions: ['Deny'] } },
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations': { webhooks },
  'apiextensions.k8s.io/v1/customresourcedefinitions': (nth) => ({
    spec: {
      group: 'example.com', scope: 'Namespaced', names: { plural: `samples${nth}`, kind: `Sample${nth}` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  }),
  'apiregistration.k8s.io/v1/apiservices': (nth) => ({
    spec: { group: `samples${nth}.example.com`, version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15, insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'nowhere' } },
  }),
  'apps/v1/controllerrevisions': { data: { spec: {} }, revision: 1 },
  'apps/v1/daemonsets': workload,
  'apps/v1/deployments': workload,
  'apps/v1/replicasets': workload,
  'apps/v1/statefulsets': { spec: { ...workload.spec, serviceName: 'sample' } },
  'autoscaling/v1/horizontalpodautoscalers': { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'sample' } } },
  'autoscaling/v2/horizontalpodautoscalers': { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'sample' } } },
  'batch/v1/cronjobs': { spec: { schedule: '*/5 * * * *', jobTemplate } },
  'batch/v1/jobs': jobTemplate,
  'certificates.k8s.io/v1/certificatesigningrequests': { spec: { request: certificateRequest, signerName: 'example.com/sample', usages: ['digital signature', 'client auth'] } },
  'coordination.k8s.io/v1/leases': { spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } },
  'discovery.k8s.io/v1/endpointslices': { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 80 }] },
  'events.k8s.io/v1/events': {
    eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'example.com/sample', reportingInstance: 'sample-1', action: 'Sampling', reason: 'Sampled', type: 'Normal', note: 'hello',
    regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
  },
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': {
    spec: {
      priorityLevelConfiguration: { name: 'workload-low' }, matchingPrecedence: 10_000, distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/sample'] }] }],
    },
  },
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } } },
  'networking.k8s.io/v1/ingressclasses': { spec: { controller: 'example.com/sample' } },
  'networking.k8s.io/v1/ingresses': { spec: { defaultBackend: { service: { name: 'sample', port: { number: 80 } } } } },
  'networking.k8s.io/v1/ipaddresses': { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'sample' } } },
  'networking.k8s.io/v1/networkpolicies': { spec: { podSelector: {} } },
  'networking.k8s.io/v1/servicecidrs': { spec: { cidrs: ['10.32.0.0/24'] } },
  'node.k8s.io/v1/runtimeclasses': { handler: 'sample' },
  'policy/v1/poddisruptionbudgets': { spec: { minAvailable: 1, selector } },
  'rbac.authorization.k8s.io/v1/clusterrolebindings': { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects },
  'rbac.authorization.k8s.io/v1/clusterroles': { rules },
  'rbac.authorization.k8s.io/v1/rolebindings': { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects },
  'rbac.authorization.k8s.io/v1/roles': { rules },
  'resource.k8s.io/v1/deviceclasses': { spec: { selectors: [{ cel: { expression: 'device.driver == "sample.example.com"' } }] } },
  'resource.k8s.io/v1/resourceclaims': claim,
  'resource.k8s.io/v1/resourceclaimtemplates': { spec: claim },
  'resource.k8s.io/v1/resourceslices': { spec: { driver: 'sample.example.com', pool: { name: 'sample', resourceSliceCount: 1 }, nodeName: 'node-1', devices: [{ name: 'device-1' }] } },
  'scheduling.k8s.io/v1/priorityclasses': { value: 1000 },
  'storage.k8s.io/v1/csidrivers': { spec: { attachRequired: false } },
  'storage.k8s.io/v1/csinodes': { spec: { drivers: [] } },
  'storage.k8s.io/v1/csistoragecapacities': { storageClassName: 'sample', capacity: '1Gi' },
  'storage.k8s.io/v1/storageclasses': { provisioner: 'example.com/sample' },
  'storage.k8s.io/v1/volumeattachments': { spec: { attacher: 'example.com', nodeName: 'node-1', source: { persistentVolumeName: 'sample' } } },
  'storage.k8s.io/v1/volumeattributesclasses': { driverName: 'example.com', parameters: { speed: 'high' } },
};
/** Resources whose names are not free, by ordinal. */
export const sampleNames: Readonly<Record<string, (nth: number) => string>> = {
  'apiextensions.k8s.io/v1/customresourcedefinitions': (nth) => `samples${nth}.example.com`,
  'apiregistration.k8s.io/v1/apiservices': (nth) => `v1.samples${nth}.example.com`,
  'networking.k8s.io/v1/ipaddresses': (nth) => `10.96.77.${nth}`,
};
