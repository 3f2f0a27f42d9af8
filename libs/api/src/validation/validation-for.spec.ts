import { bootstrapClusterRoleBindings, bootstrapClusterRoles, bootstrapFlowSchemas, bootstrapPriorityClasses, bootstrapPriorityLevels, bootstrapRoleBindings, bootstrapRoles } from '../bootstrap';
import { defaultsFor } from '../defaulting/defaults-for';
import type { KubeObject } from '../kube-object';
import { strategyFor } from '../strategy/strategy-for';
import { type StrategyContext } from '../strategy/types';
import { allResources, preferredResource } from '../tables/resource-table';

const context: StrategyContext = { userName: 'jane', nowMs: Date.parse('2026-01-02T03:04:05Z'), warn: () => undefined };

interface Named { group: string; resource: string; kind: string; version: string; namespaced: boolean }
function find(kindOf: string): Named {
  const [group = '', kind = ''] = kindOf.includes('/') ? kindOf.split('/') : ['', kindOf];
  return preferredResource(group, (facts) => facts.kind === kind)!;
}

/** As the server would have it: with a name, defaulted, and prepared. */
function prepared(kindOf: string, parts: object): KubeObject {
  const { group, version, kind, resource, namespaced } = find(kindOf);
  const copy = structuredClone(parts) as { metadata?: object };
  const object: KubeObject = { ...copy, metadata: { name: 'a', uid: 'u', ...(namespaced ? { namespace: 'default' } : {}), ...copy.metadata } };
  defaultsFor(group, version, kind)?.(object);
  strategyFor(group, resource)?.strategy.prepareForCreate?.(object, context);
  return object;
}

function created(kindOf: string, parts: object): string[] {
  const { group, resource } = find(kindOf);
  return strategyFor(group, resource)!.strategy.validate!(prepared(kindOf, parts), context).map(({ message }) => message);
}

function updated(kindOf: string, parts: object, oldParts: object, view = ''): string[] {
  const { group, resource, version, kind } = find(kindOf);
  const old = prepared(kindOf, oldParts);
  const statuses = oldParts as { status?: object };
  if (statuses.status) Object.assign(old, { status: statuses.status });
  const next = structuredClone({ ...old, ...parts, metadata: { ...old.metadata, resourceVersion: '1', ...(parts as { metadata?: object }).metadata } });
  defaultsFor(group, version, kind)?.(next);
  const all = strategyFor(group, resource)!;
  const strategy = view === '' ? all.strategy : all.subresources[view]!;
  strategy.prepareForUpdate?.(next, old, context);
  return strategy.validateUpdate!(next, old, context).map(({ message }) => message);
}

const container = { name: 'c', image: 'nginx' };
const podSpec = { containers: [container] };
const template = { metadata: { labels: { app: 'a' } }, spec: podSpec };
const selector = { matchLabels: { app: 'a' } };
const workload = { selector, template };
const jobTemplate = { spec: { ...podSpec, restartPolicy: 'Never' } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const volume = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } };
const csr = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n').toString('base64');
const crd = { metadata: { name: 'foos.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] } };
const webhook = { name: 'a.b.c', sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { url: 'https://x/y' }, rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] };

/** A good object of each kind that has rules of its own. */
const good: Record<string, object> = {
  Pod: { spec: podSpec },
  Service: { metadata: { name: '1s', namespace: 'b' }, spec: { ports: [{ port: 80 }] } },
  ConfigMap: { data: { a: 'b' } },
  Secret: { data: { a: 'Yg==' } },
  Namespace: {},
  Node: { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] }, status: { capacity: { cpu: '1', 'example.com/gpu': '2' } } },
  ServiceAccount: {},
  Endpoints: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  Event: { involvedObject: { kind: 'Pod', namespace: 'default' } },
  LimitRange: { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { cpu: '1' } }] } },
  ResourceQuota: { spec: { hard: { pods: '10', 'requests.cpu': '4', 'count/deployments.apps': '2' } } },
  PersistentVolume: { spec: volume },
  PersistentVolumeClaim: { spec: claim },
  PodTemplate: { template },
  ReplicationController: { spec: { template } },
  'apps/Deployment': { spec: workload },
  'apps/ReplicaSet': { spec: workload },
  'apps/StatefulSet': { spec: { ...workload, serviceName: 'a', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }], template: { ...template, spec: { containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/d' }] }] } } } },
  'apps/DaemonSet': { spec: workload },
  'apps/ControllerRevision': { data: {}, revision: 1 },
  'batch/Job': { spec: { template: jobTemplate } },
  'batch/CronJob': { spec: { schedule: '*/5 0-6 1,15 jan-mar mon', timeZone: 'Europe/Paris', jobTemplate: { spec: { template: jobTemplate } } } },
  'autoscaling/HorizontalPodAutoscaler': { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }, behavior: {} } },
  'networking.k8s.io/Ingress': { spec: { rules: [{ host: '*.a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: '1s', port: { number: 80 } } } }] } }] } },
  'networking.k8s.io/NetworkPolicy': { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: [{ port: 80, endPort: 90 }] }] } },
  'networking.k8s.io/IngressClass': { spec: { controller: 'a.b/c' } },
  'networking.k8s.io/ServiceCIDR': { spec: { cidrs: ['10.96.0.0/12'] } },
  'networking.k8s.io/IPAddress': { metadata: { name: '10.96.0.1' }, spec: { parentRef: { resource: 'services', name: 'a' } } },
  'discovery.k8s.io/EndpointSlice': { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
  'coordination.k8s.io/Lease': { spec: { leaseDurationSeconds: 15 } },
  'rbac.authorization.k8s.io/Role': { metadata: { name: 'system:a' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
  'rbac.authorization.k8s.io/ClusterRole': { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
  'rbac.authorization.k8s.io/RoleBinding': { roleRef: { kind: 'Role', name: 'a' }, subjects: [{ kind: 'ServiceAccount', name: 's' }, { kind: 'User', name: 'u' }] },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { roleRef: { kind: 'ClusterRole', name: 'a' }, subjects: [{ kind: 'ServiceAccount', name: 's', namespace: 'n' }] },
  'storage.k8s.io/StorageClass': { provisioner: 'example.com/x' },
  'storage.k8s.io/CSIDriver': { spec: {} },
  'storage.k8s.io/VolumeAttachment': { spec: { attacher: 'x', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
  'scheduling.k8s.io/PriorityClass': { value: 1000 },
  'policy/PodDisruptionBudget': { spec: { minAvailable: '50%', selector } },
  'certificates.k8s.io/CertificateSigningRequest': { spec: { request: csr, usages: ['client auth'], signerName: 'kubernetes.io/kube-apiserver-client' } },
  'apiregistration.k8s.io/APIService': { metadata: { name: 'v1.a.b' }, spec: { group: 'a.b', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, service: { name: 's', namespace: 'n' } } },
  'apiextensions.k8s.io/CustomResourceDefinition': crd,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': { webhooks: [webhook] },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': { webhooks: [webhook] },
};

const pod = (parts: object): object => ({ spec: { ...podSpec, ...parts } });
const withContainer = (parts: object): object => ({ spec: { containers: [{ ...container, ...parts }] } });
const service = (parts: object): object => ({ spec: { ports: [{ port: 80 }], ...parts } });

describe('validation on create', () => {
  it.each(Object.entries(good))('accepts a good %s', (kind, object) => {
    expect(created(kind, object)).toEqual([]);
  });

  it('has rules for every resource that can be created', () => {
    for (const { group, resource, servedByDefault, verbs } of allResources())
      if (servedByDefault && verbs.includes('update')) expect(strategyFor(group, resource)?.strategy.validate).toBeDefined();
  });

  it.each<[kind: string, object: object, message: string, reason: string]>([
    ['Pod', { metadata: { name: 'A_b' }, spec: podSpec }, `metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`, 'names are DNS names'],
    ['Pod', {}, 'spec.containers: Required value', 'a pod is its containers'],
    ['Pod', withContainer({ name: '' }), 'spec.containers[0].name: Required value', 'containers have names'],
    ['Pod', withContainer({ image: '' }), 'spec.containers[0].image: Required value', 'and images'],
    ['Pod', withContainer({ image: ' nginx' }), 'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace', 'written plainly'],
    ['Pod', pod({ containers: [container, container] }), 'spec.containers[1].name: Duplicate value: "c"', 'a name once'],
    ['Pod', pod({ initContainers: [container] }), 'spec.initContainers[0].name: Duplicate value: "c"', 'among all sorts'],
    ['Pod', withContainer({ imagePullPolicy: 'Sometimes' }), 'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"', 'closed sets'],
    ['Pod', withContainer({ ports: [{ containerPort: 0 }] }), 'spec.containers[0].ports[0].containerPort: Required value', 'a port has a number'],
    ['Pod', withContainer({ ports: [{ containerPort: 70000 }] }), 'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive', 'in range'],
    ['Pod', withContainer({ ports: [{ containerPort: 1, name: 'x', protocol: 'ICMP' }] }), 'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"', 'protocols'],
    ['Pod', pod({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 81 }] }] }), 'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true', 'one network'],
    ['Pod', pod({ containers: [{ ...container, ports: [{ containerPort: 1, hostPort: 9 }] }, { name: 'd', image: 'x', ports: [{ containerPort: 2, hostPort: 9 }] }] }), 'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//9"', 'a host port once'],
    ['Pod', withContainer({ env: [{ name: '' }] }), 'spec.containers[0].env[0].name: Required value', 'variables have names'],
    ['Pod', withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.containers' } } }] }), 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.containers": error converting fieldPath: field label not supported: spec.containers', 'fields that can be read'],
    ['Pod', withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }), 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"', 'in a variable'],
    ['Pod', withContainer({ env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }), 'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty', 'one value'],
    ['Pod', withContainer({ volumeMounts: [{ name: 'v', mountPath: '/x' }] }), 'spec.containers[0].volumeMounts[0].name: Not found: "v"', 'mounts name volumes'],
    ['Pod', pod({ volumes: [{ name: 'v' }], containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/x' }, { name: 'v', mountPath: '/x' }] }] }), 'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique', 'each its path'],
    ['Pod', pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }), 'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type', 'one source'],
    ['Pod', pod({ volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }] }), "spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'", 'no way back'],
    ['Pod', pod({ volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 4096 } }] }), 'spec.volumes[0].secret.defaultMode: Invalid value: 4096: must be a number between 0 and 0777 (octal), both inclusive', 'modes'],
    ['Pod', pod({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 5 } }] } }] }), 'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes', 'tokens'],
    ['Pod', withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }), 'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1', 'no more than the limit'],
    ['Pod', withContainer({ resources: { requests: { memory: '-1' } } }), 'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0', 'not negative'],
    ['Pod', withContainer({ resources: { requests: { 'example.com/gpu': '1' } } }), 'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources', 'devices are not shared'],
    ['Pod', withContainer({ resources: { limits: { foo: '1' } } }), 'spec.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified', 'known resources'],
    ['Pod', withContainer({ livenessProbe: {} }), 'spec.containers[0].livenessProbe: Required value: must specify a handler type', 'a probe asks something'],
    ['Pod', withContainer({ livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } }), 'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type', 'one thing'],
    ['Pod', withContainer({ livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } }), 'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1', 'alive is alive'],
    ['Pod', withContainer({ securityContext: { allowPrivilegeEscalation: false, privileged: true } }), 'spec.containers[0].securityContext: Invalid value: {"allowPrivilegeEscalation":false,"privileged":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true', 'contradiction'],
    ['Pod', pod({ restartPolicy: 'Maybe' }), 'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"', 'restart policy'],
    ['Pod', pod({ dnsPolicy: 'None' }), 'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None', 'own DNS'],
    ['Pod', pod({ nodeSelector: { 'a b': 'c' } }), "spec.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')", 'labels'],
    ['Pod', pod({ tolerations: [{ effect: 'NoSchedule' }] }), 'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"', 'tolerations'],
    ['Pod', pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }), 'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero', 'spread'],
    ['Pod', pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }), 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term', 'affinity'],
    ['Pod', pod({ affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: { topologyKey: 'z' } }] } } }), 'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100', 'weights'],
    ['Pod', pod({ activeDeadlineSeconds: -1 }), 'spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive', 'deadline'],
    ['Pod', pod({ initContainers: [{ name: 'i', image: 'x', readinessProbe: { exec: { command: ['a'] } } }] }), 'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always', 'init containers are not probed'],
    ['Pod', pod({ ephemeralContainers: [{ name: 'e', image: 'x' }] }), 'spec.ephemeralContainers: Forbidden: cannot be set on create', 'debuggers come later'],
    ['Pod', pod({ hostPID: true, shareProcessNamespace: true }), 'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled', 'one process namespace'],
    ['Service', { metadata: { name: 'a.b' }, spec: { ports: [{ port: 80 }] } }, 'metadata.name: Invalid value: "a.b": must not contain dots', 'service names are stricter'],
    ['Service', { spec: {} }, 'spec.ports: Required value', 'a service has ports'],
    ['Service', service({ ports: [{ port: 80 }, { port: 81 }] }), 'spec.ports[0].name: Required value', 'with names, if several'],
    ['Service', service({ ports: [{ port: 80, name: 'a' }, { port: 80, name: 'b' }] }), 'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}', 'each once'],
    ['Service', service({ ports: [{ port: 80, nodePort: 30000 }] }), "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'", 'node ports need a type'],
    ['Service', service({ type: 'Other' }), 'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"', 'types'],
    ['Service', { spec: { type: 'ExternalName' } }, 'spec.externalName: Required value', 'alias of what'],
    ['Service', service({ clusterIP: '1.2.3' }), 'spec.clusterIPs[0]: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', 'addresses'],
    ['Service', service({ externalIPs: ['127.0.0.1'] }), 'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)', 'outside'],
    ['Service', service({ externalTrafficPolicy: 'Local' }), 'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services', 'policy'],
    ['Service', service({ loadBalancerSourceRanges: ['10.0.0.0/8'] }), "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'", 'ranges'],
    ['ConfigMap', { data: { 'a/b': '' } }, "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')", 'keys are file names'],
    ['ConfigMap', { data: { a: '' }, binaryData: { a: '' } }, 'data[a]: Invalid value: "a": duplicate of key present in binaryData', 'a key once'],
    ['Secret', { type: 'kubernetes.io/tls', data: {} }, 'data[tls.crt]: Required value', 'certificates'],
    ['Secret', { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'bm8=' } }, 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'o\' in literal null (expecting \'u\')', 'registry credentials'],
    ['Namespace', { metadata: { name: 'a.b' } }, 'metadata.name: Invalid value: "a.b": must not contain dots', 'labels'],
    ['Node', { spec: { taints: [{ key: 'a' }] } }, 'metadata.taints[0].effect: Required value', 'taints'],
    ['Endpoints', { subsets: [{ addresses: [{ ip: '127.0.0.1' }] }] }, 'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)', 'no loops'],
    ['LimitRange', { spec: { limits: [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }] } }, 'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1', 'bounds'],
    ['ResourceQuota', { spec: { hard: { pods: '1.5' } } }, 'spec.hard[pods]: Invalid value: "1500m": must be an integer', 'whole pods'],
    ['PersistentVolume', { spec: { ...volume, hostPath: undefined } }, 'spec: Required value: must specify a volume type', 'storage somewhere'],
    ['PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteOnce'] } }, 'spec.resources[storage]: Required value', 'how much'],
    ['apps/Deployment', { spec: { template } }, 'spec.selector: Required value', 'selector'],
    ['apps/Deployment', { spec: { ...workload, selector: { matchLabels: { app: 'b' } } } }, 'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`', 'that selects'],
    ['apps/Deployment', { spec: { ...workload, selector: {} } }, 'spec.selector: Invalid value: {}: empty selector is invalid for deployment', 'something'],
    ['apps/Deployment', { spec: { ...workload, replicas: -1 } }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0', 'replicas'],
    ['apps/Deployment', { spec: { ...workload, template: { ...template, spec: { ...podSpec, restartPolicy: 'Never' } } } }, 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"', 'pods that last'],
    ['apps/Deployment', { spec: { ...workload, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } }, 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0', 'room to move'],
    ['apps/DaemonSet', { spec: { ...workload, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }, 'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero', 'one of both'],
    ['apps/StatefulSet', { spec: { ...workload, podManagementPolicy: 'X' } }, "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'", 'order'],
    ['batch/Job', { spec: { template } }, 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"', 'jobs end'],
    ['batch/CronJob', { spec: { schedule: '* * * *', jobTemplate: { spec: { template: jobTemplate } } } }, 'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]', 'schedules'],
    ['batch/CronJob', { spec: { schedule: '@hourly', timeZone: 'Mars/Base', jobTemplate: { spec: { template: jobTemplate } } } }, 'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base', 'time zones'],
    ['batch/CronJob', { metadata: { name: 'a'.repeat(53) }, spec: { schedule: '@daily', jobTemplate: { spec: { template: jobTemplate } } } }, `metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`, 'room for the job names'],
    ['autoscaling/HorizontalPodAutoscaler', { spec: { maxReplicas: 0, scaleTargetRef: { kind: 'D', name: 'a' } } }, 'spec.maxReplicas: Required value: must be set and greater than 0', 'bounds'],
    ['networking.k8s.io/Ingress', { spec: {} }, 'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified', 'leads somewhere'],
    ['networking.k8s.io/Ingress', { spec: { rules: [{ http: { paths: [{ path: 'x', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 1 } } } }] } }] } }, 'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path', 'paths'],
    ['networking.k8s.io/NetworkPolicy', { spec: { podSelector: {}, ingress: [{ from: [{}] }] } }, 'spec.ingress[0].from[0]: Required value: must specify a peer', 'from whom'],
    ['networking.k8s.io/NetworkPolicy', { spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] } }, 'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`', 'holes are inside'],
    ['discovery.k8s.io/EndpointSlice', { addressType: 'IPv4', endpoints: [{ addresses: ['::1'] }] }, 'endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address', 'families'],
    ['coordination.k8s.io/Lease', { spec: { leaseDurationSeconds: 0 } }, 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0', 'leases last'],
    ['rbac.authorization.k8s.io/Role', { rules: [{ apiGroups: [''], resources: ['pods'] }] }, 'rules[0].verbs: Required value: verbs must contain at least one value', 'rules allow something'],
    ['rbac.authorization.k8s.io/ClusterRoleBinding', { roleRef: { kind: 'Role', name: 'a' } }, 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"', 'cluster roles only'],
    ['rbac.authorization.k8s.io/Role', { metadata: { name: 'a/b' }, rules: [] }, "metadata.name: Invalid value: \"a/b\": may not contain '/'", 'names are path segments'],
    ['storage.k8s.io/StorageClass', {}, 'provisioner: Required value', 'who provides'],
    ['scheduling.k8s.io/PriorityClass', { metadata: { name: 'system-mine' }, value: 1 }, "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class", 'reserved'],
    ['scheduling.k8s.io/PriorityClass', { value: 2000000000 }, 'value: Forbidden: maximum allowed value of a user defined priority is 1000000000', 'bounded'],
    ['policy/PodDisruptionBudget', { spec: { minAvailable: 1, maxUnavailable: 1 } }, 'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set', 'one of both'],
    ['certificates.k8s.io/CertificateSigningRequest', { spec: { request: csr, signerName: 'a.b/c' } }, 'spec.usages: Required value', 'for what'],
    ['apiextensions.k8s.io/CustomResourceDefinition', { ...crd, metadata: { name: 'x' } }, 'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group', 'named after what it defines'],
    ['admissionregistration.k8s.io/ValidatingWebhookConfiguration', { webhooks: [{ ...webhook, sideEffects: undefined }] }, 'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun', 'side effects are told'],
    ['/Pod', { spec: { ...podSpec, containers: [{ ...podSpec.containers[0], resizePolicy: [{ resourceName: 'disk', restartPolicy: 'NotRequired' }] }] } }, 'spec.containers[0].resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"', 'what can be resized'],
    ['/Pod', { spec: { ...podSpec, containers: [{ ...podSpec.containers[0], lifecycle: { stopSignal: 'SIGTERM' } }] } }, 'spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`', 'signals belong to a system'],
    ['/Pod', { spec: { ...podSpec, volumes: [{ name: 'v', emptyDir: {} }], containers: [{ ...podSpec.containers[0], volumeMounts: [{ name: 'v', mountPath: '/v', recursiveReadOnly: 'Enabled' }] }] } }, 'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true', 'read only all the way'],
    ['/Pod', { spec: { ...podSpec, hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }] } } }, "spec.securityContext.sysctls[0].name: Invalid value: \"net.ipv4.ip_forward\": may not be specified when 'hostNetwork' is true", "the host's settings are its own"],
    ['networking.k8s.io/Ingress', { metadata: { name: 'a', namespace: 'b', annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: { ingressClassName: 'y', defaultBackend: { service: { name: 's', port: { number: 80 } } } } }, 'annotations.kubernetes.io/ingress.class: Invalid value: "x": must match `ingressClassName` when both are specified', 'one way to name a class'],
    ['rbac.authorization.k8s.io/ClusterRole', { metadata: { name: 'a' }, aggregationRule: {} }, 'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil', 'aggregates of something'],
    ['storage.k8s.io/CSINode', { spec: { drivers: [{ name: 'd', topologyKeys: [] }] } }, 'spec.drivers[0].nodeID: Required value', 'drivers know the node by a name of theirs'],
    ['storage.k8s.io/CSINode', { spec: { drivers: [{ name: 'd', nodeID: 'n' }, { name: 'd', nodeID: 'n' }] } }, 'spec.drivers[1].name: Duplicate value: "d"', 'each driver once'],
    ['storage.k8s.io/CSIStorageCapacity', { storageClassName: '' }, `storageClassName: Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`, 'of what class'],
    ['node.k8s.io/RuntimeClass', { handler: 'A_b' }, 'handler: Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character (e.g. \'my-name\',  or \'123-abc\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?\')', 'handlers are labels'],
    ['node.k8s.io/RuntimeClass', { handler: 'a', overhead: { podFixed: { cpu: '-1' } } }, 'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0', 'overhead costs something'],
    ['node.k8s.io/RuntimeClass', { handler: 'a', scheduling: { tolerations: [{ key: 'a', operator: 'Nope' }] } }, 'scheduling.tolerations[0].operator: Unsupported value: "Nope": supported values: "Equal", "Exists"', 'tolerations are those of pods'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: {} }, 'spec.priorityLevelConfiguration.name: Required value: must reference a priority level', 'a level is named'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { matchingPrecedence: 1 } }, "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1", 'the first place is taken'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { matchingPrecedence: 10001 } }, 'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000', 'places end'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { distinguisherMethod: { type: 'ByMood' } } }, 'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByMood"}: supported values: "ByNamespace", "ByUser"', 'two ways to tell flows apart'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { rules: [{ subjects: [{ kind: 'User', group: { name: 'g' } }] }] } }, "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'", 'subjects are of one kind'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { rules: [{ subjects: [{ kind: 'User', user: { name: 'u' } }] }] } }, 'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty', 'rules are about something'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { rules: [{ subjects: [], resourceRules: [{ verbs: ['get', '*'], apiGroups: ['*'], resources: ['*'] }] }] } }, 'spec.rules[0].resourceRules[0].verbs: Invalid value: ["get","*"]: if \'*\' is present, must not specify other verbs', 'everything stands alone'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { rules: [{ resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] }] } }, 'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace', 'where'],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', { spec: { rules: [{ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['x'] }] }] } }, 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash', 'paths begin at the root'],
    ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', { metadata: { name: 'a' }, spec: { type: 'Exempt' } }, "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'", 'one level is exempt'],
    ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', { metadata: { name: 'a' }, spec: { type: 'Limited' } }, 'spec.limited: Required value: must not be empty when type is Limited', 'limits are told'],
    ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', { metadata: { name: 'a' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 5, queueLengthLimit: 1 } } } } }, 'spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)', 'a hand is part of the deck'],
    ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', { metadata: { name: 'a' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 512, handSize: 10, queueLengthLimit: 1 } } } } }, 'spec.limited.limitResponse.queuing.handSize: Invalid value: 10: required entropy bits of deckSize 512 and handSize 10 should not be greater than 60', 'a hash is so long'],
    ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', { metadata: { name: 'a' }, spec: { type: 'Limited', limited: { lendablePercent: 101, limitResponse: { type: 'Reject' } } } }, 'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive', 'more than all cannot be lent'],
    ['resource.k8s.io/ResourceClaim', { spec: { devices: { requests: [{ name: 'a' }] } } }, 'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required', 'a request asks for something'],
    ['resource.k8s.io/ResourceClaim', { spec: { devices: { requests: [{ name: 'a', exactly: {} }] } } }, 'spec.devices.requests[0].exactly.deviceClassName: Required value', 'of what class'],
    ['resource.k8s.io/ResourceClaim', { spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c', allocationMode: 'Some' } }] } } }, 'spec.devices.requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"', 'how many'],
    ['resource.k8s.io/ResourceClaim', { spec: { devices: { constraints: [{ requests: ['x'], matchAttribute: 'a.example.com/b' }] } } }, 'spec.devices.constraints[0].requests[0]: Invalid value: "x": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'', 'constraints name requests'],
    ['resource.k8s.io/ResourceClaimTemplate', { spec: { spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c', selectors: [{}] } }] } } } }, 'spec.spec.devices.requests[0].exactly.selectors[0].cel: Required value', 'selectors select'],
    ['resource.k8s.io/DeviceClass', { spec: { config: [{ opaque: { driver: 'D!' } }] } }, 'spec.config[0].opaque.parameters: Required value', 'configuration is given'],
    ['resource.k8s.io/ResourceSlice', { spec: { driver: 'd', pool: { name: 'p', resourceSliceCount: 1 } } }, 'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required', 'devices are somewhere'],
    ['resource.k8s.io/ResourceSlice', { spec: { driver: 'd', nodeName: 'n', pool: { name: 'p' } } }, 'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero', 'pools have slices'],
    ['resource.k8s.io/ResourceSlice', { spec: { driver: 'd', nodeName: 'n', pool: { name: 'p', resourceSliceCount: 1 }, devices: [{ name: 'a', attributes: { x: {} } }] } }, 'spec.devices[0].attributes[x]: Invalid value: "": exactly one value must be specified', 'attributes have values'],
  ])('refuses %s %j with %s: %s', (kind, object, message) => {
    expect(created(kind, object)).toContain(message);
  });
});

describe('bootstrap objects', () => {
  it.each<[kind: string, objects: object[]]>([
    ['rbac.authorization.k8s.io/ClusterRole', bootstrapClusterRoles()],
    ['rbac.authorization.k8s.io/ClusterRoleBinding', bootstrapClusterRoleBindings()],
    ['rbac.authorization.k8s.io/Role', bootstrapRoles()],
    ['rbac.authorization.k8s.io/RoleBinding', bootstrapRoleBindings()],
    ['scheduling.k8s.io/PriorityClass', bootstrapPriorityClasses()],
    ['flowcontrol.apiserver.k8s.io/FlowSchema', bootstrapFlowSchemas()],
    ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', bootstrapPriorityLevels()],
  ])('of kind %s are valid', (kind, objects) => {
    expect(objects.flatMap((object) => created(kind, object))).toEqual([]);
  });
});

describe('validation on update', () => {
  const old = { spec: { ...podSpec, nodeName: 'n', terminationGracePeriodSeconds: 30 } };
  const changed = (parts: object): object => ({ spec: { ...old.spec, ...parts } });

  it.each<[kind: string, object: object, old: object, reason: string]>([
    ['Pod', changed({ containers: [{ ...container, image: 'nginx:2', imagePullPolicy: 'Always' }] }), old, 'an image'],
    ['Pod', changed({ tolerations: [{ key: 'a', operator: 'Exists' }] }), old, 'another toleration'],
    ['Pod', changed({ activeDeadlineSeconds: 5 }), old, 'a deadline'],
    ['Pod', { metadata: { labels: { a: 'b' } } }, old, 'labels'],
    ['Pod', { spec: podSpec }, { spec: { ...podSpec, schedulingGates: [{ name: 'g' }] } }, 'a gate goes'],
    ['Service', { spec: { type: 'NodePort', clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], ports: [{ port: 80 }] } }, service({ clusterIP: '10.96.0.5' }), 'another type'],
    ['apps/Deployment', { spec: { ...workload, replicas: 5 } }, good['apps/Deployment']!, 'replicas'],
    ['apps/StatefulSet', { spec: { ...workload, serviceName: 'a', replicas: 3 } }, { spec: { ...workload, serviceName: 'a' } }, 'replicas'],
    ['PersistentVolumeClaim', { spec: { ...claim, volumeMode: 'Filesystem', volumeName: 'v' } }, { spec: claim }, 'the volume that was found'],
    ['PersistentVolumeClaim', { spec: { ...claim, resources: { requests: { storage: '2Gi' } } } }, { spec: claim, status: { phase: 'Bound', capacity: { storage: '1Gi' } } }, 'more space when bound'],
    ['Node', { spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] } }, { spec: {} }, 'its addresses, once'],
    ['ConfigMap', { data: { a: 'c' }, immutable: true }, { data: { a: 'b' } }, 'data of one that may change'],
    ['batch/Job', { metadata: { labels: { a: 'b' } } }, good['batch/Job']!, 'labels'],
  ])('lets %s become %j from %j: %s', (kind, next, before) => {
    expect(updated(kind, next, before)).toEqual([]);
  });

  it.each<[kind: string, object: object, old: object, message: string, reason: string]>([
    ['Pod', changed({ containers: [{ ...container, command: ['x'] }] }), old, 'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)', 'its command'],
    ['Pod', changed({ nodeName: 'm' }), old, 'spec: Forbidden: pod updates may not change fields other than ', 'its node'],
    ['Pod', changed({ containers: [container, { name: 'd', image: 'x' }] }), old, 'spec.containers: Forbidden: pod updates may not add or remove containers', 'its containers'],
    ['Pod', changed({ tolerations: [] }), { spec: { ...old.spec, tolerations: [{ key: 'a', operator: 'Exists' }] } }, 'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds', 'what it tolerated'],
    ['Pod', changed({ schedulingGates: [{ name: 'g' }] }), old, "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'", 'another gate'],
    ['Service', { spec: { type: 'ClusterIP', clusterIP: '10.96.0.6', clusterIPs: ['10.96.0.6'], ports: [{ port: 80 }] } }, service({ clusterIP: '10.96.0.5' }), 'spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set', 'its address'],
    ['apps/Deployment', { spec: { selector: { matchLabels: { app: 'a', b: 'c' } }, template: { ...template, metadata: { labels: { app: 'a', b: 'c' } } } } }, good['apps/Deployment']!, 'spec.selector: Invalid value: {"matchLabels":{"app":"a","b":"c"}}: field is immutable', 'its selector'],
    ['apps/StatefulSet', { spec: { ...workload, serviceName: 'b' } }, { spec: { ...workload, serviceName: 'a' } }, "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden", 'its service'],
    ['PersistentVolumeClaim', { spec: { ...claim, accessModes: ['ReadWriteMany'] } }, { spec: claim }, 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims', 'its modes'],
    ['PersistentVolume', { spec: { ...volume, hostPath: { path: '/y' } } }, { spec: volume }, 'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation', 'its storage'],
    ['ConfigMap', { data: { a: 'c' } }, { data: { a: 'b' }, immutable: true }, 'data: Forbidden: field is immutable when `immutable` is set', 'frozen data'],
    ['Secret', { type: 'other' }, { type: 'Opaque' }, 'type: Invalid value: "other": field is immutable', 'its type'],
    ['Node', { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } }, { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] } }, 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid', 'its addresses'],
    ['rbac.authorization.k8s.io/RoleBinding', { roleRef: { kind: 'Role', name: 'b' } }, { roleRef: { kind: 'Role', name: 'a' } }, 'roleRef: Invalid value: {"kind":"Role","name":"b","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef', 'its role'],
    ['storage.k8s.io/StorageClass', { provisioner: 'c.d' }, { provisioner: 'a.b' }, 'provisioner: Invalid value: "c.d": field is immutable', 'its provisioner'],
    ['scheduling.k8s.io/PriorityClass', { value: 2 }, { value: 1 }, 'value: Forbidden: may not be changed in an update.', 'its value'],
    ['batch/Job', { spec: { template: { spec: { ...jobTemplate.spec, containers: [{ ...container, image: 'x' }] } } } }, { spec: { template: jobTemplate, manualSelector: true, selector: {} } }, 'spec.template: Invalid value: ', 'its template'],
    ['Pod', { metadata: { uid: 'other' } }, old, 'metadata.uid: Invalid value: "other": field is immutable', 'its identity'],
  ])('does not let %s become %j from %j with %s: %s', (kind, next, before, message) => {
    expect(updated(kind, next, before).filter((found) => found.startsWith(message))).not.toEqual([]);
  });

  it('tells what of a pod would change, and of nothing else', () => {
    expect(updated('Pod', changed({ nodeName: 'm' }), old).map((found) => found.split('\n').slice(1))).toEqual([['  nodeName: "n" -> "m"', '']]);
  });

  it.each<[kind: string, view: string, object: object, old: object, messages: string[], reason: string]>([
    ['Pod', 'status', { status: { phase: 'Running', podIPs: [{ ip: 'x' }] } }, old, ['status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'], 'addresses'],
    ['Pod', 'status', { status: { containerStatuses: [{ name: 'c', state: { running: {} } }] } }, { spec: { ...podSpec, restartPolicy: 'Never' }, status: { containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 0 } } }] } }, ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'], 'over is over'],
    ['Pod', 'status', { status: { containerStatuses: [{ name: 'c', state: { running: {} } }] } }, { spec: podSpec, status: { containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 0 } } }] } }, [], 'a pod that restarts'],
    ['Pod', 'binding', { spec: { ...podSpec, nodeName: 'n' } }, { spec: podSpec }, [], 'the scheduler chose'],
    ['Pod', 'resize', { spec: { containers: [{ ...container, resources: { requests: { cpu: '2' } } }] } }, { spec: { containers: [{ ...container, resources: { requests: { cpu: '1' } } }] } }, [], 'more processor time'],
    ['Pod', 'resize', { spec: { containers: [{ ...container, resources: { requests: { cpu: '2' } } }] } }, { spec: podSpec }, ['spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing'], 'another class'],
    ['Pod', 'resize', { spec: { ...podSpec, resources: { requests: { cpu: '2' } } } }, { spec: { ...podSpec, resources: { requests: { cpu: '1' } } } }, [], 'more for the whole pod'],
    ['Pod', 'resize', { spec: { ...podSpec, resources: { requests: { cpu: '2' } } } }, { spec: { ...podSpec, resources: { requests: { cpu: '1', memory: '1Gi' } } } }, ['spec.resources.requests: Forbidden: pod-level resource requests cannot be removed'], 'no memory any more'],
    ['Pod', 'ephemeralcontainers', { spec: { ...podSpec, ephemeralContainers: [{ name: 'e', image: 'x' }] } }, { spec: podSpec }, [], 'a debugger'],
    ['Pod', 'ephemeralcontainers', { spec: { ...podSpec, ephemeralContainers: [{ name: 'e', image: 'x', ports: [{ containerPort: 1 }] }] } }, { spec: podSpec }, ['spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container'], 'a debugger has no ports'],
    ['apps/Deployment', 'status', { status: { replicas: 1, readyReplicas: 2 } }, good['apps/Deployment']!, ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'], 'counts'],
    ['Namespace', 'finalize', { spec: { finalizers: [] } }, {}, [], 'the last finalizer goes'],
    ['batch/Job', 'status', { status: { conditions: [{ type: 'Complete', status: 'True' }] } }, good['batch/Job']!, ['status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition', 'status.completionTime: Required value: completionTime is required for Complete jobs', 'status.startTime: Required value: startTime is required for finished job'], 'when it was done'],
  ])('of %s through %s to %j from %j finds %j: %s', (kind, view, next, before, messages) => {
    expect(updated(kind, next, before, view)).toEqual(messages);
  });
});
