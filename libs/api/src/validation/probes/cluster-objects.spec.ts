import { type Probe, statusOf } from './probe';

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const volume = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } };
const onNode = (key: string): object => ({ required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] } });
const service = (parts: object): object => ({ spec: { ports: [{ port: 80 }], ...parts } });
const dual = { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5', 'fd00::5'], ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
const quota = (parts: object): object => ({ spec: { hard: { pods: '1' }, ...parts } });
const scope = (...matchExpressions: object[]): object => quota({ scopeSelector: { matchExpressions } });
const annotated = (name: string, value: string, type: string): Pick<Probe, 'kind' | 'object'> => ({ kind: '/Service', object: { metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'disabled', [name]: value } }, ...service({ type, clusterIP: '10.96.0.5' }) } });
const topologies = (...allowedTopologies: object[]): object => ({ provisioner: 'a.b/c', allowedTopologies });
const formerly = (storageClass: string): object => ({ annotations: { 'volume.beta.kubernetes.io/storage-class': storageClass } });
const zone = (...values: string[]): object => ({ matchLabelExpressions: [{ key: 'zone', values }] });
const balancer = (parts: object): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: '/Service', view: 'status', object: { status: { loadBalancer: { ingress: [parts] } } }, old: service({ type: 'LoadBalancer', clusterIP: '10.96.0.5' }) });

const probes: readonly Probe[] = [
  { kind: '/Service', object: service({ ...dual, clusterIPs: ['10.96.0.5'], ipFamilies: ['IPv4'] }), old: service(dual), field: 'spec.ipFamilyPolicy', reason: 'FieldValueInvalid', message: "Invalid value: \"RequireDualStack\": must be set to 'SingleStack' when releasing the secondary clusterIP" },
  { kind: '/Service', object: service({ ...dual, clusterIPs: ['10.96.0.5', 'fd00::6'] }), old: service(dual), field: 'spec.clusterIPs[1]', reason: 'FieldValueInvalid', message: 'Invalid value: ["10.96.0.5","fd00::6"]: may not change once set' },
  { kind: '/Service', object: service({ ...dual, ipFamilies: ['IPv6', 'IPv4'] }), old: service(dual), field: 'spec.ipFamilies[0]', reason: 'FieldValueInvalid', message: 'Invalid value: ["IPv6","IPv4"]: may not change once set' },
  { kind: '/Service', object: service({ type: 'LoadBalancer', clusterIP: '10.96.0.5', externalTrafficPolicy: 'Local', healthCheckNodePort: 30001 }), old: service({ type: 'LoadBalancer', clusterIP: '10.96.0.5', externalTrafficPolicy: 'Local', healthCheckNodePort: 30000 }), field: 'spec.healthCheckNodePort', reason: 'FieldValueForbidden', message: 'Forbidden: field is immutable' },
  { ...balancer({ hostname: '1.2.3.4' }), field: 'status.loadBalancer.ingress[0].hostname', reason: 'FieldValueInvalid', message: 'Invalid value: "1.2.3.4": must be a DNS name, not an IP address' },
  { ...balancer({ hostname: 'a.b', ipMode: 'VIP' }), field: 'status.loadBalancer.ingress[0].ipMode', reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified when `ip` is not set' },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claim, dataSource: { kind: 'PersistentVolumeClaim', name: 'a' }, dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' } } }, field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: {}: must match dataSourceRef' },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claim, dataSourceRef: { apiGroup: 'A_b', kind: 'X', name: 'a' } } }, field: 'spec.dataSource.apiGroup', reason: 'FieldValueInvalid', message: `Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')` },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claim, volumeAttributesClassName: '' } }, old: { spec: { ...claim, volumeAttributesClassName: 'a' }, status: { phase: 'Bound', currentVolumeAttributesClassName: 'a' } }, field: 'spec.volumeAttributesClassName', reason: 'FieldValueForbidden', message: 'Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil' },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claim, dataSourceRef: { kind: 'Snapshot', name: 'a' } } }, field: 'spec.dataSourceRef', reason: 'FieldValueInvalid', message: 'Invalid value: "Snapshot": must be \'PersistentVolumeClaim\' when referencing the default apiGroup' },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claim, volumeMode: 'Block' } }, old: { spec: claim }, field: 'volumeMode', reason: 'FieldValueInvalid', message: 'Invalid value: "Block": field is immutable' },
  { kind: '/PersistentVolumeClaim', object: { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'b' } } }, old: { spec: claim }, field: 'metadata.annotations.volume.beta.kubernetes.io/storage-class', reason: 'FieldValueInvalid', message: 'Invalid value: "b": field is immutable' },
  { kind: '/PersistentVolumeClaim', object: { status: { allocatedResources: { cpu: '1' } } }, old: { spec: claim }, view: 'status', field: 'status.allocatedResources', reason: 'FieldValueNotSupported', message: 'Unsupported value: "cpu": supported values: "storage"' },
  { kind: '/PersistentVolume', object: { spec: { ...volume, nodeAffinity: onNode('b') } }, old: { spec: { ...volume, nodeAffinity: onNode('a') } }, field: 'nodeAffinity', reason: 'FieldValueInvalid', message: 'Invalid value: {"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"b","operator":"Exists"}]}]}}: field is immutable, except for updating from beta label to GA' },
  { kind: '/PersistentVolume', object: { spec: { ...volume, volumeAttributesClassName: 'fast' } }, field: 'spec.csi', reason: 'FieldValueRequired', message: 'Required value: has to be specified when using volumeAttributesClassName' },
  { kind: '/ResourceQuota', object: quota({ scopes: ['Odd'] }), field: 'spec.scopes', reason: 'FieldValueInvalid', message: 'Invalid value: ["Odd"]: unsupported scope' },
  { kind: '/ResourceQuota', object: quota({ hard: { 'requests.cpu': '1' }, scopes: ['BestEffort'] }), field: 'spec.scopes', reason: 'FieldValueInvalid', message: 'Invalid value: ["BestEffort"]: unsupported scope applied to resource' },
  { kind: '/ResourceQuota', object: scope({ scopeName: 'Terminating', operator: 'In', values: ['x'] }), field: 'spec.scopeSelector.matchExpressions.operator', reason: 'FieldValueInvalid', message: 'Invalid value: "In": must be \'Exists\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity' },
  { kind: '/ResourceQuota', object: scope({ scopeName: 'PriorityClass', operator: 'In' }), field: 'spec.scopeSelector.matchExpressions.values', reason: 'FieldValueRequired', message: "Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector" },
  { kind: '/Namespace', object: { spec: { finalizers: ['mine'] } }, field: 'spec.finalizers', reason: 'FieldValueInvalid', message: 'Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified' },
  { kind: '/Namespace', object: { status: { phase: 'Terminating' } }, old: {}, view: 'status', field: 'status.Phase', reason: 'FieldValueInvalid', message: 'Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty' },
  { kind: 'storage.k8s.io/StorageClass', object: topologies({}), field: 'allowedTopologies[0].matchLabelExpressions', reason: 'FieldValueDuplicate', message: 'Duplicate value: ""' },
  { ...annotated('service.beta.kubernetes.io/load-balancer-source-ranges', '10.0.0.0/8, x', 'LoadBalancer'), field: 'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)' },
  { ...annotated('service.beta.kubernetes.io/load-balancer-source-ranges', '', 'ClusterIP'), field: 'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]', reason: 'FieldValueForbidden', message: "Forbidden: may only be used when `type` is 'LoadBalancer'" },
  { ...annotated('service.kubernetes.io/topology-mode', 'Auto', 'ClusterIP'), field: 'metadata.annotations[service.kubernetes.io/topology-mode]', reason: 'FieldValueInvalid', message: 'Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified' },
  { kind: 'storage.k8s.io/StorageClass', object: topologies({ matchLabelExpressions: [{ key: 'zone' }] }), field: 'allowedTopologies[0].matchLabelExpressions[0].values', reason: 'FieldValueRequired', message: 'Required value' },
  { kind: 'storage.k8s.io/StorageClass', object: topologies(zone('a', 'a')), field: 'allowedTopologies[0].matchLabelExpressions[0].values[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' },
  { kind: 'storage.k8s.io/StorageClass', object: topologies(zone('a', 'b'), zone('b', 'a')), field: 'allowedTopologies[1].matchLabelExpressions', reason: 'FieldValueDuplicate', message: 'Duplicate value: ""' },
];

describe('an object of the cluster that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const refused = statusOf(rest);
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each([
    ['for another one', { metadata: formerly('a'), spec: { ...claim, storageClassName: 'b' } }, ['spec']],
    ['for another one, annotation and all', { metadata: { annotations: {} }, spec: { ...claim, storageClassName: 'b' } }, ['spec', 'metadata.annotations.volume.beta.kubernetes.io/storage-class']],
    ['for none', { metadata: { annotations: {} }, spec: claim }, ['metadata.annotations.volume.beta.kubernetes.io/storage-class']],
  ])('is a claim that changes the class of its old annotation %s', (_how, object, fields) => {
    const refused = statusOf({ kind: '/PersistentVolumeClaim', object, old: { metadata: formerly('a'), spec: claim } });
    expect(refused?.causes.map(({ field }) => field)).toEqual(fields);
  });

  it.each<[kind: string, object: object, old: object | undefined, reason: string]>([
    ['/Service', service({ ...dual, clusterIPs: ['10.96.0.5'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }), service(dual), 'the second address is given up'],
    ['/Service', service(dual), service({ clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }), 'a second address comes'],
    ['/Service', service({ clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv6'] }), service({ clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4'] }), 'without addresses families are free'],
    ['/ResourceQuota', scope({ scopeName: 'Terminating', operator: 'Exists' }), undefined, 'a scope that is there'],
    ['/PersistentVolumeClaim', { metadata: { annotations: {} }, spec: { ...claim, storageClassName: 'a' } }, { metadata: formerly('a'), spec: claim }, 'a class moves from the annotation into the spec'],
    ['/PersistentVolumeClaim', { metadata: formerly('a'), spec: { ...claim, storageClassName: 'a' } }, { metadata: formerly('a'), spec: claim }, 'a class is written into the spec as well'],
    ['/PersistentVolumeClaim', { spec: { ...claim, storageClassName: 'a' } }, { spec: claim }, 'a class comes to a claim that named none'],
    ['storage.k8s.io/StorageClass', topologies(zone('a'), zone('b')), undefined, 'places'],
  ])('is not %s %j from %j: %s', (kind, object, old) => {
    expect(statusOf({ kind, object, ...(old ? { old } : {}) })).toBeUndefined();
  });
});
