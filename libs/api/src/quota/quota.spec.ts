import type { corev1, KubeObject, resourcev1 } from '..';
import { addAmounts, describeAmounts, formatAmounts, inScope, namesAbove, parseAmounts, quotaEvaluatorFor, sameAmounts, subtractAmounts, usageOf } from '.';

const now = Date.parse('2026-01-01T00:00:00Z');
const pods = quotaEvaluatorFor({ group: '', resource: 'pods' });
const cost = (resource: string, object: KubeObject, group = ''): Record<string, string> => formatAmounts(quotaEvaluatorFor({ group, resource }).usage(object, now));
const container = (name: string, requests: Record<string, string> = {}, limits: Record<string, string> = {}): corev1.Container => ({ name, image: 'i', resources: { requests, limits } });
const pod = (spec: Partial<corev1.PodSpec> = {}, more: Partial<corev1.Pod> = {}): corev1.Pod => ({ metadata: { name: 'p', namespace: 'default' }, spec: { containers: [container('c')], ...spec }, ...more });

describe('what a pod costs', () => {
  const plain = { 'count/pods': '1', pods: '1' };
  it.each<{ reason: string; given: corev1.Pod; expected: Record<string, string> }>([
    { reason: 'its number, when it asks for nothing', given: pod(), expected: plain },
    {
      reason: 'the sum of its containers, or its greatest init container',
      given: pod({ containers: [container('a', { cpu: '100m', memory: '1Gi' }, { cpu: '1' }), container('b', { cpu: '200m' })], initContainers: [container('i', { cpu: '250m', memory: '2Gi' })] }),
      expected: { ...plain, cpu: '300m', memory: '2Gi', 'requests.cpu': '300m', 'requests.memory': '2Gi', 'limits.cpu': '1' },
    },
    {
      reason: 'devices and huge pages by their own names',
      given: pod({ containers: [container('a', { 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' })] }),
      expected: { ...plain, 'requests.example.com/gpu': '2', 'hugepages-2Mi': '4Mi', 'requests.hugepages-2Mi': '4Mi' },
    },
    {
      reason: 'what it asks for as a whole, with the overhead of its runtime',
      given: pod({ containers: [container('a', { cpu: '100m' })], resources: { requests: { cpu: '1' } }, overhead: { cpu: '10m', memory: '64Mi' } }),
      expected: { ...plain, cpu: '1010m', 'requests.cpu': '1010m', memory: '64Mi', 'requests.memory': '64Mi' },
    },
    {
      reason: 'the greater of old and new during a resize',
      given: pod({ containers: [container('a', { cpu: '100m' })] }, { status: { containerStatuses: [{ name: 'a', image: '', imageID: '', ready: true, restartCount: 0, allocatedResources: { cpu: '400m' } }] } }),
      expected: { ...plain, cpu: '400m', 'requests.cpu': '400m' },
    },
    { reason: 'only its number when it is over', given: pod({ containers: [container('a', { cpu: '1' })] }, { status: { phase: 'Succeeded' } }), expected: { 'count/pods': '1' } },
    {
      reason: 'only its number when its time to end has passed',
      given: pod({}, { metadata: { name: 'p', deletionTimestamp: '2025-12-31T23:59:00Z', deletionGracePeriodSeconds: 30 } }),
      expected: { 'count/pods': '1' },
    },
  ])('is $reason', ({ given, expected }) => expect(cost('pods', given)).toEqual(expected));

  it('must be stated where processor time or memory is limited', () => {
    const given = pod({ containers: [container('b', { cpu: '1' }), container('a')], initContainers: [container('i', {}, { memory: '1Gi' })] });
    expect(pods.missing?.(['pods', 'requests.cpu', 'limits.memory'], given)).toBe('must specify limits.memory for: a,b; requests.cpu for: a,i');
    expect(pods.missing?.(['pods'], given)).toBeUndefined();
    expect(pods.missing?.(['cpu'], pod({ resources: { requests: { cpu: '1' } } }))).toBeUndefined();
  });
});

describe('the scopes of a quota', () => {
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', namespaces: ['other'] }] } };
  it.each<{ reason: string; spec: corev1.ResourceQuotaSpec; given: corev1.Pod; matches: boolean }>([
    { reason: 'no scope at all', spec: {}, given: pod(), matches: true },
    { reason: 'a deadline', spec: { scopes: ['Terminating'] }, given: pod({ activeDeadlineSeconds: 5 }), matches: true },
    { reason: 'no deadline', spec: { scopes: ['NotTerminating'] }, given: pod({ activeDeadlineSeconds: 5 }), matches: false },
    { reason: 'best effort', spec: { scopes: ['BestEffort'] }, given: pod(), matches: true },
    { reason: 'better than best effort', spec: { scopes: ['NotBestEffort'] }, given: pod({ containers: [container('a', { cpu: '1' })] }), matches: true },
    { reason: 'all of several', spec: { scopes: ['BestEffort', 'Terminating'] }, given: pod(), matches: false },
    { reason: 'any priority class', spec: { scopes: ['PriorityClass'] }, given: pod(), matches: false },
    { reason: 'one of these classes', spec: { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } }, given: pod({ priorityClassName: 'high' }), matches: true },
    { reason: 'none of these classes', spec: { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'NotIn', values: ['high'] }] } }, given: pod(), matches: true },
    { reason: 'no class', spec: { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'DoesNotExist' }] } }, given: pod({ priorityClassName: 'high' }), matches: false },
    { reason: 'affinity to other namespaces', spec: { scopes: ['CrossNamespacePodAffinity'] }, given: pod({ affinity }), matches: true },
    { reason: 'a scope of other objects', spec: { scopes: ['VolumeAttributesClass'] }, given: pod(), matches: false },
  ])('ask for $reason', ({ spec, given, matches }) => expect(inScope({ metadata: {}, spec }, pods, given)).toBe(matches));

  it('never hold for what has none', () => {
    expect(inScope({ metadata: {}, spec: { scopes: ['Terminating'] } }, quotaEvaluatorFor({ group: '', resource: 'services' }), { metadata: {} })).toBe(false);
  });

  it('know the attributes of a claim, old and new', () => {
    const claims = quotaEvaluatorFor({ group: '', resource: 'persistentvolumeclaims' });
    const claim: corev1.PersistentVolumeClaim = { metadata: {}, spec: { volumeAttributesClassName: 'gold' }, status: { currentVolumeAttributesClassName: 'silver' } };
    const spec = (values: string[]): corev1.ResourceQuotaSpec => ({ scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values }] } });
    expect(['gold', 'silver', 'bronze'].map((name) => inScope({ metadata: {}, spec: spec([name]) }, claims, claim))).toEqual([true, true, false]);
  });
});

describe('what other objects cost', () => {
  const service = (spec: corev1.ServiceSpec): corev1.Service => ({ metadata: { name: 's' }, spec: { ports: [{ port: 80 }, { port: 81, nodePort: 30081 }], ...spec } });
  it.each<{ reason: string; spec: corev1.ServiceSpec; nodePorts: string; balancers: string }>([
    { reason: 'no ports of nodes', spec: { type: 'ClusterIP' }, nodePorts: '0', balancers: '0' },
    { reason: 'a port of each', spec: { type: 'NodePort' }, nodePorts: '2', balancers: '0' },
    { reason: 'ports and a load balancer', spec: { type: 'LoadBalancer' }, nodePorts: '2', balancers: '1' },
    { reason: 'the ports it names itself', spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }, nodePorts: '1', balancers: '1' },
  ])('a Service: $reason', ({ spec, nodePorts, balancers }) => {
    expect(cost('services', service(spec))).toEqual({ 'count/services': '1', services: '1', 'services.nodeports': nodePorts, 'services.loadbalancers': balancers });
  });

  it('a claim counts in all and in its class, with what an expansion has reserved', () => {
    const claim: corev1.PersistentVolumeClaim = { metadata: {}, spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } }, status: { allocatedResources: { storage: '2Gi' } } };
    expect(cost('persistentvolumeclaims', claim)).toEqual({
      'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '2Gi',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1', 'gold.storageclass.storage.k8s.io/requests.storage': '2Gi',
    });
  });

  it('a claim of devices counts them by class, the dearest of alternatives', () => {
    const claim = { metadata: {}, spec: { devices: { requests: [
      { name: 'a', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 2 } },
      { name: 'b', firstAvailable: [{ name: 'x', deviceClassName: 'gpu', count: 1 }, { name: 'y', deviceClassName: 'gpu', count: 4 }, { name: 'z', deviceClassName: 'nic', allocationMode: 'All' }] },
    ] } } } as resourcev1.ResourceClaim;
    expect(cost('resourceclaims', claim, 'resource.k8s.io')).toEqual({
      'count/resourceclaims.resource.k8s.io': '1', 'gpu.deviceclass.resource.k8s.io/devices': '6', 'nic.deviceclass.resource.k8s.io/devices': '32',
      'requests.deviceclass.resource.kubernetes.io/gpu': '6', 'requests.deviceclass.resource.kubernetes.io/nic': '32',
    });
  });

  describe('a claim of devices of classes that stand for extended resources', () => {
    const gpu = 'requests.example.com/gpu';
    const byClass = 'requests.deviceclass.resource.kubernetes.io/gpu';
    const deviceClass: resourcev1.DeviceClass = { metadata: { name: 'gpu' }, spec: { extendedResourceName: 'example.com/gpu' } };
    const asking = (name: string, more: corev1.PodStatus = {}): corev1.Pod => ({ metadata: { name: 'web', namespace: 'default', uid: 'u' }, spec: { containers: [container('a', { [name]: '1' }, { [name]: '1' })] }, status: more });
    const claimOf = (count: number, metadata: resourcev1.ResourceClaim['metadata'] = {}): resourcev1.ResourceClaim =>
      ({ metadata: { name: 'c', namespace: 'default', ...metadata }, spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count } }] } } });
    const made = (count: number, uid = 'u', more: resourcev1.ResourceClaim['metadata'] = {}): resourcev1.ResourceClaim =>
      claimOf(count, { annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }], ...more });
    const named = (resourceClaimName: string): corev1.PodStatus => ({ extendedResourceClaimStatus: { resourceClaimName, requestMappings: [] } });

    it.each<{ reason: string; claim: resourcev1.ResourceClaim; owner?: corev1.Pod; others?: resourcev1.ResourceClaim[]; expected: Record<string, string> }>([
      { reason: 'counts under their names too', claim: claimOf(2), expected: { [gpu]: '2', [byClass]: '2' } },
      { reason: 'that was made for a pod counts only what the pod does not', claim: made(1), owner: asking('example.com/gpu'), expected: { [byClass]: '1' } },
      { reason: 'that was made for a pod which asks by the class', claim: made(1), owner: asking('deviceclass.resource.kubernetes.io/gpu'), expected: { [gpu]: '1' } },
      { reason: 'that says it is more than the pod asks for', claim: made(3), owner: asking('example.com/gpu'), expected: { [gpu]: '2', [byClass]: '3' } },
      { reason: 'that says it was made for a pod of another life', claim: made(1, 'former'), owner: asking('example.com/gpu'), expected: { [gpu]: '1', [byClass]: '1' } },
      { reason: 'that the pod names', claim: made(1), owner: asking('example.com/gpu', named('c')), expected: { [byClass]: '1' } },
      { reason: 'of a pod that names another', claim: made(1), owner: asking('example.com/gpu', named('other')), expected: { [gpu]: '1', [byClass]: '1' } },
      { reason: 'that is not the first of its pod', claim: made(1, 'u', { creationTimestamp: '2026-01-02T00:00:00Z' }), owner: asking('example.com/gpu'), others: [made(1, 'u', { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' })], expected: { [gpu]: '1', [byClass]: '1' } },
    ])('$reason', ({ claim, owner, others = [], expected }) => {
      const evaluator = quotaEvaluatorFor({ group: 'resource.k8s.io', resource: 'resourceclaims' }, { deviceClasses: () => [deviceClass], pod: () => owner, claims: () => [...others, claim] });
      const { 'count/resourceclaims.resource.k8s.io': number, 'gpu.deviceclass.resource.k8s.io/devices': devices, ...rest } = formatAmounts(evaluator.usage(claim, now));
      expect([number, devices]).toEqual(['1', String(claim.spec.devices?.requests?.[0]?.exactly?.count)]);
      expect(rest).toEqual(expected);
    });

    it('is counted by names that a class stands for', () => {
      const evaluator = quotaEvaluatorFor({ group: 'resource.k8s.io', resource: 'resourceclaims' }, { deviceClasses: () => [deviceClass], pod: () => undefined, claims: () => [] });
      expect([gpu, byClass, 'requests.example.com/nic', 'requests.deviceclass.resource.kubernetes.io/nic', 'requests.cpu', 'example.com/gpu'].map((name) => evaluator.counts(name))).toEqual([true, true, false, false, false, false]);
      expect([gpu, byClass].map((name) => pods.counts(name))).toEqual([true, true]);
    });

    it('is counted together with the pods that ask for them', () => {
      expect(formatAmounts(pods.usage(asking('deviceclass.resource.kubernetes.io/gpu'), now))).toMatchObject({ [byClass]: '1' });
    });
  });

  it.each([
    { group: '', resource: 'secrets', expected: { 'count/secrets': '1', secrets: '1' } },
    { group: 'apps', resource: 'deployments', expected: { 'count/deployments.apps': '1' } },
    { group: 'example.com', resource: 'ships', expected: { 'count/ships.example.com': '1' } },
  ])('$resource are counted', ({ group, resource, expected }) => expect(cost(resource, { metadata: {} }, group)).toEqual(expected));
});

describe('amounts', () => {
  const quota: corev1.ResourceQuota = { metadata: {}, spec: { hard: { pods: '10', 'limits.cpu': '4', services: '1' }, scopes: ['NotBestEffort'] } };
  it('of all objects in scope are added, under the names that are limited', () => {
    const all = [pod(), pod({ containers: [container('a', { cpu: '1' }, { cpu: '2' })] }), pod({ containers: [container('a', { cpu: '1' }, { cpu: '500m' })] })];
    expect(formatAmounts(usageOf(quota, pods, all, now))).toEqual({ 'limits.cpu': '2500m', pods: '2' });
    expect(formatAmounts(usageOf(quota, pods, [], now))).toEqual({ 'limits.cpu': '0', pods: '0' });
  });

  it('are compared by size, and said in order', () => {
    const [a, b] = [parseAmounts({ pods: '2', cpu: '1000m' }), parseAmounts({ cpu: '1', pods: '2' })];
    expect(sameAmounts(a, b)).toBe(true);
    expect(sameAmounts(a, parseAmounts({ cpu: '1' }))).toBe(false);
    expect(describeAmounts(addAmounts(a, b))).toBe('cpu=2,pods=4');
    expect(describeAmounts(subtractAmounts(a, parseAmounts({ pods: '3', memory: '1Mi' })))).toBe('cpu=1,memory=-1Mi,pods=-1');
    expect(namesAbove(addAmounts(a, b), parseAmounts({ pods: '3', cpu: '2', memory: '1' }))).toEqual(['pods']);
  });
});
