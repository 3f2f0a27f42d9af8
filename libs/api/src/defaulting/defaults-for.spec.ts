import { formatQuantity, parseQuantity, roundUpQuantity } from '@navarch/apimachinery';
import { defaultsFor } from './defaults-for';

const filled = (apiVersion: string, kind: string, object: object): unknown => {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const copy = structuredClone(object);
  defaultsFor(group!, version!, kind)?.(copy);
  return copy;
};

const podSpecDefaults = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};
const containerDefaults = { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', resources: {} };

describe('defaults', () => {
  it('fill a pod as upstream does', () => {
    const pod = {
      spec: {
        containers: [
          {
            name: 'a',
            image: 'nginx',
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: '100m' } },
            livenessProbe: { httpGet: { port: 80 } },
            env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          },
        ],
        volumes: [{ name: 'tmp' }, { name: 's', secret: { secretName: 'x' } }, { name: 'h', hostPath: { path: '/' } }, { name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
      },
    };
    expect(filled('v1', 'Pod', pod)).toEqual({
      metadata: {},
      spec: {
        ...podSpecDefaults,
        enableServiceLinks: true,
        containers: [
          {
            ...containerDefaults,
            name: 'a',
            image: 'nginx',
            imagePullPolicy: 'Always',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
            livenessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
            env: [{ name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }],
          },
        ],
        volumes: [
          { name: 'tmp', emptyDir: {} },
          { name: 's', secret: { secretName: 'x', defaultMode: 420 } },
          { name: 'h', hostPath: { path: '/', type: '' } },
          { name: 't', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }] } },
        ],
      },
      status: {},
    });
  });

  it.each([
    { image: 'nginx', policy: 'Always', reason: 'no tag means latest' },
    { image: 'nginx:latest', policy: 'Always', reason: 'latest' },
    { image: 'nginx:1.10', policy: 'IfNotPresent', reason: 'a tag' },
    { image: 'localhost:5000/a/b', policy: 'Always', reason: 'the port is no tag' },
    { image: 'a@sha256:' + '0'.repeat(64), policy: 'IfNotPresent', reason: 'a digest' },
    { image: 'a:latest@sha256:' + '0'.repeat(64), policy: 'Always', reason: 'tag and digest' },
    { image: 'UPPER', policy: 'IfNotPresent', reason: 'no reference' },
  ])('pull $image by policy $policy: $reason', ({ image, policy }) => {
    expect(filled('v1', 'Pod', { spec: { containers: [{ image }] } })).toMatchObject({ spec: { containers: [{ imagePullPolicy: policy }] } });
  });

  it('take requests from limits in pods, not in templates', () => {
    const spec = { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] };
    expect(filled('v1', 'Pod', { spec })).toMatchObject({ spec: { containers: [{ resources: { requests: { cpu: '1' } } }] } });
    expect(filled('apps/v1', 'Deployment', { spec: { template: { spec } } })).not.toMatchObject({ spec: { template: { spec: { containers: [{ resources: { requests: {} } }] } } } });
  });

  it('take a pod\'s own requests from its containers, then from its limits', () => {
    const spec = { resources: { limits: { cpu: '2', memory: '1Gi' } }, containers: [{ resources: { requests: { cpu: '250m' } } }, { resources: { requests: { cpu: '250m' } } }] };
    expect(filled('v1', 'Pod', { spec })).toMatchObject({ spec: { resources: { requests: { cpu: '500m', memory: '1Gi' } } } });
  });

  it('give host ports to a pod on the host network', () => {
    expect(filled('v1', 'Pod', { spec: { hostNetwork: true, containers: [{ ports: [{ containerPort: 53 }] }] } })).toMatchObject({ spec: { containers: [{ ports: [{ hostPort: 53 }] }] } });
  });

  it.each<[apiVersion: string, kind: string, object: object, expected: object, reason: string]>([
    ['v1', 'Service', { spec: { ports: [{ port: 80 }] } }, { spec: { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] }, status: { loadBalancer: {} } }, 'cluster service'],
    ['v1', 'Service', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }, { spec: { externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true }, status: { loadBalancer: { ingress: [{ ipMode: 'VIP' }] } } }, 'load balancer'],
    ['v1', 'Service', { spec: { sessionAffinity: 'ClientIP' } }, { spec: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } } }, 'affinity lasts three hours'],
    ['v1', 'Namespace', { metadata: { name: 'a' } }, { metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } }, status: { phase: 'Active' } }, 'selectable by name'],
    ['v1', 'Secret', {}, { type: 'Opaque' }, 'plain secret'],
    ['v1', 'Secret', { stringData: { a: 'ä', b: '' }, data: { a: 'eA==', c: 'eA==' } }, { data: { a: 'w6Q=', b: '', c: 'eA==' } }, 'text becomes data'],
    ['v1', 'Pod', { spec: { terminationGracePeriodSeconds: -1 } }, { spec: { terminationGracePeriodSeconds: 1 } }, 'no pod ends before it began to'],
    ['v1', 'PodTemplate', { template: { spec: { terminationGracePeriodSeconds: -1 } } }, { template: { spec: { terminationGracePeriodSeconds: -1 } } }, 'templates are left as they are'],
    ['v1', 'Pod', { spec: { serviceAccount: 'x' }, status: { podIP: '10.0.0.1', hostIP: '10.0.0.2', hostIPs: [{ ip: '10.0.0.3' }] } }, { spec: { serviceAccountName: 'x' }, status: { podIPs: [{ ip: '10.0.0.1' }], hostIP: '10.0.0.2', hostIPs: [{ ip: '10.0.0.3' }] } }, 'older names of fields'],
    ['v1', 'Node', { spec: { podCIDR: '10.0.0.0/24' } }, { spec: { podCIDRs: ['10.0.0.0/24'] } }, 'older names of fields'],
    ['v1', 'Node', { status: { capacity: { cpu: '1.0' } } }, { status: { allocatable: { cpu: '1' } } }, 'all is allocatable'],
    ['v1', 'PersistentVolume', {}, { spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }, status: { phase: 'Pending' } }, 'kept after use'],
    ['v1', 'PersistentVolumeClaim', {}, { spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } }, 'filesystem'],
    ['v1', 'LimitRange', { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } }] } }, { spec: { limits: [{ default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } }] } }, 'limits from max, requests from limits or min'],
    ['v1', 'ReplicationController', { spec: { template: { metadata: { labels: { a: 'b' } } } } }, { metadata: { labels: { a: 'b' } }, spec: { replicas: 1, selector: { a: 'b' } } }, 'selector from template'],
    ['v1', 'Endpoints', { subsets: [{ ports: [{ port: 1 }] }] }, { subsets: [{ ports: [{ port: 1, protocol: 'TCP' }] }] }, 'TCP'],
    ['apps/v1', 'Deployment', {}, { spec: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, template: { spec: podSpecDefaults } } }, 'rolling by quarters'],
    ['apps/v1', 'Deployment', { spec: { replicas: 0, strategy: { type: 'Recreate' } } }, { spec: { replicas: 0, strategy: { type: 'Recreate' } } }, 'zero replicas are meant'],
    ['apps/v1', 'ReplicaSet', {}, { spec: { replicas: 1 }, status: { replicas: 0 } }, 'one replica'],
    ['apps/v1', 'StatefulSet', { spec: { volumeClaimTemplates: [{}] } }, { spec: { podManagementPolicy: 'OrderedReady', updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' }, volumeClaimTemplates: [{ kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } }] } }, 'claims are kept'],
    ['apps/v1', 'DaemonSet', {}, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }, revisionHistoryLimit: 10 } }, 'one at a time'],
    ['batch/v1', 'Job', {}, { spec: { completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, podReplacementPolicy: 'TerminatingOrFailed' } }, 'one pod'],
    ['batch/v1', 'Job', { spec: { parallelism: 3, backoffLimitPerIndex: 1, podFailurePolicy: { rules: [{ onPodConditions: [{ type: 'A' }] }] } } }, { spec: { parallelism: 3, backoffLimit: 2147483647, podReplacementPolicy: 'Failed', podFailurePolicy: { rules: [{ onPodConditions: [{ type: 'A', status: 'True' }] }] } } }, 'limits per index'],
    ['batch/v1', 'CronJob', {}, { spec: { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, jobTemplate: { spec: { template: { spec: podSpecDefaults } } } } }, 'history'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 5 } } } }, { spec: { minReplicas: 1, metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 80 } } }], behavior: { scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max' }, scaleDown: { stabilizationWindowSeconds: 5, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] } } } }, 'cpu at 80 %'],
    ['networking.k8s.io/v1', 'NetworkPolicy', { spec: { egress: [{ ports: [{ port: 1 }] }] } }, { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ protocol: 'TCP' }] }] } }, 'types from rules'],
    ['networking.k8s.io/v1', 'IngressClass', { spec: { parameters: {} } }, { spec: { parameters: { scope: 'Cluster' } } }, 'cluster scope'],
    ['discovery.k8s.io/v1', 'EndpointSlice', { ports: [{ port: 1 }] }, { ports: [{ name: '', protocol: 'TCP' }] }, 'empty name'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding', { subjects: [{ kind: 'User' }, { kind: 'ServiceAccount' }] }, { roleRef: { apiGroup: 'rbac.authorization.k8s.io' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io' }, { kind: 'ServiceAccount' }] }, 'groups of subjects'],
    ['scheduling.k8s.io/v1', 'PriorityClass', {}, { preemptionPolicy: 'PreemptLowerPriority' }, 'preempts'],
    ['scheduling.k8s.io/v1alpha2', 'PodGroup', {}, { spec: { disruptionMode: 'Pod' } }, 'its pods go one by one'],
    ['resource.k8s.io/v1alpha3', 'ResourcePoolStatusRequest', { spec: { driver: 'd' } }, { spec: { driver: 'd', limit: 100 } }, 'so many pools are told of'],
    ['resource.k8s.io/v1', 'ResourceSlice', { spec: { devices: [{ name: 'd', nodeAllocatableResourceMappings: { cpu: {} } }] } }, { spec: { devices: [{ nodeAllocatableResourceMappings: { cpu: { allocationMultiplier: '1' } } }] } }, 'one of it for each'],
    ['resource.k8s.io/v1', 'ResourceClaim', { spec: {}, status: { allocation: { devices: { results: [{ tolerations: [{ key: 'a' }] }] } } } }, { status: { allocation: { devices: { results: [{ tolerations: [{ key: 'a', operator: 'Equal' }] }] } } } }, 'also of what was allocated'],
    ['storage.k8s.io/v1', 'StorageClass', {}, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }, 'deleted after use'],
    ['storage.k8s.io/v1', 'CSIDriver', {}, { spec: { attachRequired: true, podInfoOnMount: false, volumeLifecycleModes: ['Persistent'], fsGroupPolicy: 'ReadWriteOnceWithFSType' } }, 'attach'],
    ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', { webhooks: [{ clientConfig: { service: {} }, rules: [{}] }] }, { webhooks: [{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10, reinvocationPolicy: 'Never', namespaceSelector: {}, objectSelector: {}, clientConfig: { service: { port: 443 } }, rules: [{ scope: '*' }] }] }, 'fails closed'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', { spec: { names: { kind: 'Foo' } } }, { spec: { names: { singular: 'foo', listKind: 'FooList' }, conversion: { strategy: 'None' } } }, 'names from kind'],
    ['apiregistration.k8s.io/v1', 'APIService', { spec: { service: {} } }, { spec: { service: { port: 443 } } }, 'https'],
    ['flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', { spec: { limited: { limitResponse: { queuing: {} } } } }, { spec: { limited: { nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } } } } }, 'queues'],
    ['resource.k8s.io/v1', 'ResourceClaim', { spec: { devices: { requests: [{ exactly: {} }] } } }, { spec: { devices: { requests: [{ exactly: { allocationMode: 'ExactCount', count: 1 } }] } } }, 'one device'],
  ])('of %s %s %j give %j: %s', (apiVersion, kind, object, expected) => {
    expect(filled(apiVersion, kind, object)).toMatchObject(expected);
  });

  it('change nothing when applied again', () => {
    const once = filled('apps/v1', 'StatefulSet', { spec: { template: { spec: { containers: [{ name: 'a', image: 'b' }] } }, volumeClaimTemplates: [{ metadata: { name: 'd' } }] } }) as object;
    expect(filled('apps/v1', 'StatefulSet', once)).toEqual(once);
  });

  it('write quantities and times in the form of the API', () => {
    expect(filled('v1', 'ResourceQuota', { metadata: { creationTimestamp: '2024-01-01T01:00:00.5+01:00' }, spec: { hard: { cpu: '0.0001', pods: '010', memory: '2048Ki' } } })).toMatchObject({
      metadata: { creationTimestamp: '2024-01-01T00:00:00Z' },
      spec: { hard: { cpu: '1m', pods: '10', memory: '2Mi' } },
    });
    expect(filled('coordination.k8s.io/v1', 'Lease', { spec: { renewTime: '2024-01-01T00:00:00.12Z' } })).toMatchObject({ spec: { renewTime: '2024-01-01T00:00:00.120000Z' } });
  });

  it('write each amount of few digits as its canonical form', () => {
    const texts = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].flatMap((suffix) => ['0', '00', '1', '010', '7', '500', '999', '1000', '1024', '-1', '1.5'].map((digits) => digits + suffix));
    const hard = Object.fromEntries(texts.map((text) => [text, text]));
    expect(filled('v1', 'ResourceQuota', { spec: { hard } })).toMatchObject({ spec: { hard: Object.fromEntries(texts.map((text) => [text, formatQuantity(roundUpQuantity(parseQuantity(text), -3))])) } });
  });

  it('drop what says the same as absence, and keep zeros that mean something', () => {
    const deployment = {
      metadata: { labels: {}, annotations: null, name: 'a' },
      spec: {
        paused: false,
        replicas: 0,
        minReadySeconds: 0,
        progressDeadlineSeconds: 5,
        template: { spec: { hostNetwork: false, enableServiceLinks: false, containers: [{ name: '', env: [], tty: false }] } },
      },
    };
    const result = filled('apps/v1', 'Deployment', deployment) as { metadata: object; spec: { replicas: number; template: { spec: object } } };
    expect(result.metadata).toEqual({ name: 'a' });
    expect(result.spec).not.toHaveProperty('paused');
    expect(result.spec).not.toHaveProperty('minReadySeconds');
    expect(result.spec.replicas).toBe(0);
    expect(result.spec.template.spec).toEqual({ ...podSpecDefaults, enableServiceLinks: false, containers: [{ ...containerDefaults, name: '', imagePullPolicy: 'IfNotPresent' }] });
  });

  it('write fields that upstream always writes', () => {
    expect(filled('v1', 'Pod', { status: { containerStatuses: [{ name: 'a' }] } })).toMatchObject({ status: { containerStatuses: [{ name: 'a', ready: false, restartCount: 0, image: '', imageID: '' }] } });
  });

  it('leave free JSON alone', () => {
    const crd = { spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties: { a: { type: 'integer', default: 0, minimum: 0, nullable: false } } } } }] } };
    expect(filled('apiextensions.k8s.io/v1', 'CustomResourceDefinition', crd)).toMatchObject({ spec: { versions: [{ schema: { openAPIV3Schema: { properties: { a: { default: 0, minimum: 0 } } } } }] } });
    expect(filled('apps/v1', 'ControllerRevision', { data: { a: null, b: 0 }, revision: 0 })).toEqual({ metadata: {}, data: { a: null, b: 0 }, revision: 0 });
  });

  it.each([
    ['v1', 'Event', {}, { involvedObject: {}, source: {}, reportingComponent: '', reportingInstance: '' }],
    ['v1', 'PodTemplate', {}, { template: { metadata: {}, spec: {} } }],
    ['v1', 'Namespace', {}, { spec: {}, status: {} }],
    ['v1', 'Pod', { status: { containerStatuses: [{ name: 'a' }] } }, { status: { containerStatuses: [{ state: {}, lastState: {} }] } }],
    ['v1', 'Node', { status: { conditions: [] } }, { status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } }, nodeInfo: { kubeletVersion: '' } } }],
    ['networking.k8s.io/v1', 'Ingress', {}, { spec: {}, status: { loadBalancer: {} } }],
    ['discovery.k8s.io/v1', 'EndpointSlice', { endpoints: [{ addresses: ['192.0.2.1'] }] }, { endpoints: [{ addresses: ['192.0.2.1'], conditions: {} }] }],
    ['networking.k8s.io/v1', 'NetworkPolicy', { spec: {} }, { spec: { podSelector: {} } }],
  ])('write what Go has as a struct even when it is empty: %s %s %j', (apiVersion, kind, given, expected) => {
    expect(filled(apiVersion, kind, given)).toMatchObject(expected);
  });

  it('add nothing where Go has a pointer, and no null', () => {
    expect(filled('v1', 'ConfigMap', {})).toEqual({ metadata: {} });
    const { status } = filled('v1', 'Pod', { status: { conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null }] } }) as { status: { conditions: object[] } };
    expect(status.conditions).toEqual([{ type: 'Ready', status: 'True' }]);
    expect(filled('apps/v1', 'Deployment', { spec: { template: { spec: { containers: [] } } } })).not.toHaveProperty('spec.selector');
  });

  it('leave what is no quantity to validation', () => {
    expect(filled('v1', 'Pod', { spec: { containers: [{ resources: { limits: { cpu: 'much' } } }] } })).toMatchObject({ spec: { containers: [{ resources: { limits: { cpu: 'much' } } }] } });
  });
});
