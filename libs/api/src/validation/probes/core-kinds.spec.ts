import { type Probe, statusOf } from './probe';

const container = { name: 'c', image: 'i' };
const service = (spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: '/Service', object: { spec: { ports: [{ port: 80 }], ...spec } } });
const secret = (type: string, value: string): Pick<Probe, 'kind' | 'object'> => ({ kind: '/Secret', object: { type: `kubernetes.io/${type}`, data: { [`.${type}`]: Buffer.from(value).toString('base64') } } });
const volume = (spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: '/PersistentVolume', object: { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' }, ...spec } } });
const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const controller = { spec: { selector: { a: 'b' }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } } };
const replicas = (status: object): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: '/ReplicationController', object: { status }, old: controller, view: 'status' });
const template = (annotations: object, spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: '/PodTemplate', object: { template: { metadata: { annotations }, spec: { containers: [container], ...spec } } } });
const redacted = 'Invalid value: "<secret contents redacted>": ';
const confined = (fields: object): object => ({ containers: [{ ...container, securityContext: fields }] });

const probes: readonly Probe[] = [
  ...['/ConfigMap', '/Pod', 'rbac.authorization.k8s.io/Role', 'storage.k8s.io/StorageClass'].map((kind): Probe => ({ kind, object: { metadata: { finalizers: ['orphan', 'mine'] }, provisioner: 'p', spec: { containers: [container] } }, field: 'metadata.finalizers[1]', reason: 'FieldValueInvalid', message: 'Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified' })),
  { kind: '/ConfigMap', object: { metadata: { finalizers: ['mine'] } }, old: {}, field: 'metadata.finalizers[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified' },
  { kind: '/ConfigMap', object: { metadata: { ownerReferences: [{ apiVersion: 'a/b/c', kind: 'K', name: 'n', uid: 'u' }] } }, field: 'metadata.ownerReferences.apiVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "a/b/c": version must not be empty' },
  { ...service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['x'] }), field: 'spec.LoadBalancerSourceRanges[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)' },
  { ...service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: -1 }), field: 'spec.healthCheckNodePort', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be between 1 and 65535, inclusive' },
  { ...service({ internalTrafficPolicy: '' }), field: 'spec.internalTrafficPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Cluster", "Local"' },
  { ...service({ ipFamilyPolicy: '' }), field: 'spec.ipFamilyPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"' },
  { ...service({ clusterIP: '2001:db8::1', clusterIPs: ['2001:db8::1', 'None'] }), field: 'spec.clusterIPs[1]', reason: 'FieldValueInvalid', message: 'Invalid value: "None": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)' },
  { ...service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] }), field: 'spec.clusterIPs', reason: 'FieldValueInvalid', message: 'Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family' },

  { ...secret('dockercfg', ''), field: 'data[.dockercfg]', reason: 'FieldValueInvalid', message: `${redacted}unexpected end of JSON input` },
  { ...secret('dockerconfigjson', 'bad'), field: 'data[.dockerconfigjson]', reason: 'FieldValueInvalid', message: `${redacted}invalid character 'b' looking for beginning of value` },
  { ...secret('dockerconfigjson', '[]'), field: 'data[.dockerconfigjson]', reason: 'FieldValueInvalid', message: `${redacted}json: cannot unmarshal array into Go value of type map[string]interface {}` },
  { ...secret('dockerconfigjson', 'true'), field: 'data[.dockerconfigjson]', reason: 'FieldValueInvalid', message: `${redacted}json: cannot unmarshal bool into Go value of type map[string]interface {}` },
  { ...secret('dockerconfigjson', '1'), field: 'data[.dockerconfigjson]', reason: 'FieldValueInvalid', message: `${redacted}json: cannot unmarshal number into Go value of type map[string]interface {}` },

  { ...volume({ persistentVolumeReclaimPolicy: 'Recycle', hostPath: { path: '/a/..' } }), field: 'spec.persistentVolumeReclaimPolicy', reason: 'FieldValueForbidden', message: "Forbidden: may not be 'recycle' for a hostPath mount of '/'" },
  { ...volume({ capacity: { storage: '-1' } }), field: 'spec.capacity[storage]', reason: 'FieldValueInvalid', message: 'Invalid value: "-1": must be a valid resource quantity' },
  { ...volume({ volumeMode: '' }), field: 'spec.volumeMode', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Block", "Filesystem"' },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claimSpec, accessModes: [''] } }, field: 'spec.accessModes', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"' },
  { kind: '/PersistentVolumeClaim', object: { spec: { ...claimSpec, volumeMode: '' } }, field: 'spec.volumeMode', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Block", "Filesystem"' },
  { kind: '/PersistentVolumeClaim', object: { status: { allocatedResourceStatuses: { cpu: 'NodeResizePending' } } }, old: { spec: claimSpec }, view: 'status', field: 'status.allocatedResourceStatuses', reason: 'FieldValueNotSupported', message: 'Unsupported value: "cpu": supported values: "storage"' },
  { kind: '/PersistentVolumeClaim', object: { status: { allocatedResources: { storage: '-1' } } }, old: { spec: claimSpec }, view: 'status', field: 'status.allocatedResources[storage]', reason: 'FieldValueInvalid', message: 'Invalid value: "-1": must be a valid resource quantity' },
  { kind: '/Pod', object: { spec: { containers: [container], volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { metadata: { uid: 'u' }, spec: claimSpec } } }] } }, field: 'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.uID', reason: 'FieldValueForbidden', message: 'Forbidden: cannot be set' },

  { kind: '/Endpoints', object: { subsets: [{ addresses: [{ ip: '10.0.0.01' }], ports: [{ port: 80 }] }] }, old: { subsets: [{ addresses: [{ ip: '10.0.0.01' }] }] }, field: 'subsets[0].addresses[0].ip', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.01": must not have leading 0s' },
  { kind: '/Endpoints', object: { subsets: [{ addresses: [{ ip: 'x' }] }] }, field: 'subsets[0].addresses[0].ip', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must be a valid IP address' },
  { kind: '/Node', object: { spec: { podCIDRs: ['10.0.0.0/16', '10.0.0.0/16'] } }, field: 'spec.podCIDRs', reason: 'FieldValueInvalid', message: 'Invalid value: ["10.0.0.0/16","10.0.0.0/16"]: may specify no more than one CIDR for each IP family' },

  { ...replicas({ replicas: -1 }), field: 'status.replicas', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { ...replicas({ replicas: 1, fullyLabeledReplicas: 2 }), field: 'status.fullyLabeledReplicas', reason: 'FieldValueInvalid', message: 'Invalid value: 2: cannot be greater than status.replicas' },
  { ...replicas({ replicas: 2, readyReplicas: 1, availableReplicas: 2 }), field: 'status.availableReplicas', reason: 'FieldValueInvalid', message: 'Invalid value: 2: cannot be greater than readyReplicas' },

  { ...template({ 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' }, { securityContext: { seccompProfile: { type: 'Unconfined' } } }), field: 'template.spec.securityContext.seccompProfile.type', reason: 'FieldValueForbidden', message: 'Forbidden: seccomp type in annotation and field must match' },
  { ...template({ 'container.apparmor.security.beta.kubernetes.io/c': 'runtime/default' }, confined({ appArmorProfile: { type: 'Unconfined' } })), field: 'template.spec.containers[0].securityContext.appArmorProfile.type', reason: 'FieldValueForbidden', message: 'Forbidden: apparmor type in annotation and field must match' },
];

describe('an object of the core group that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const refused = statusOf(rest);
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  const group = { dataSource: { apiGroup: '^', kind: 'K', name: 'n' } };
  it.each<[kind: string, object: object, old: object | undefined, reason: string]>([
    ['/PersistentVolumeClaim', { metadata: { labels: { a: 'b' } } }, { spec: { ...claimSpec, ...group } }, 'a group that was never looked at stays'],
    ['coordination.k8s.io/Lease', { metadata: { finalizers: ['mine'] } }, undefined, 'not all kinds ask whose a finalizer is'],
    ['/ConfigMap', { metadata: { finalizers: ['example.com/mine', 'foregroundDeletion'] } }, undefined, 'whose finalizers are told'],
    ['/Secret', secret('dockercfg', 'null').object, undefined, 'nothing is an empty object'],
    ['/Service', { spec: { type: 'LoadBalancer', ports: [{ port: 10250 }] } }, undefined, 'a balancer may have the port of the kubelet'],
    ['/Endpoints', { metadata: { labels: { a: 'b' } } }, { subsets: [{ addresses: [{ ip: '127.0.0.1' }] }] }, 'addresses that nobody touches stay'],
  ])('is not %s %j from %j: %s', (kind, object, old) => {
    expect(statusOf({ kind, object, ...(old ? { old } : {}) })).toBeUndefined();
  });

  it('is a volume of a driver without a name, and that is told once', () => {
    expect(statusOf({ kind: '/PersistentVolume', object: { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { volumeHandle: 'h' } } } })?.causes).toEqual([{ field: 'spec.csi.driver', reason: 'FieldValueRequired', message: 'Required value' }]);
  });

  it('is a limit of pods with defaults, whatever these are', () => {
    const limit = { type: 'Pod', max: { memory: '10' }, default: { memory: '20', other: '1' } };
    expect(statusOf({ kind: '/LimitRange', object: { spec: { limits: [limit] } } })?.causes.map(({ field }) => field)).toEqual(['spec.limits[0].default']);
  });

  it('is a Node with one range twice, and that is told once', () => {
    expect(statusOf({ kind: '/Node', object: { spec: { podCIDRs: ['10.0.0.0/16', '10.0.0.0/16'] } } })?.causes).toHaveLength(1);
  });

  it('is a Service of addresses that are none, and no more is said of them', () => {
    const { causes } = statusOf(service({ clusterIP: 'x', clusterIPs: ['x', 'y'] })) ?? {};
    expect(causes?.map(({ field }) => field)).toEqual(['spec.clusterIPs[0]', 'spec.clusterIPs[1]']);
  });
});
