import type { corev1, KubeObject } from '@navarch/api';
import { aPod } from '@navarch/testing';
import { writeAmounts } from './amounts';
import { countedBy, evaluatorFor } from './evaluator';
import { podAmounts } from './pod-amounts';
import { inScope } from './scopes';

const now = Date.parse('2030-01-01T00:00:00Z');
const usageOf = (group: string, resource: string, object: unknown): Record<string, string> => writeAmounts(evaluatorFor({ group, resource }).usage(object as KubeObject, now));
const container = (name: string, requests: Record<string, string>, limits: Record<string, string> = {}): corev1.Container => ({ name, resources: { requests, limits } });

describe('what a pod asks for in all', () => {
  const sidecar = { ...container('proxy', { cpu: '200m' }), restartPolicy: 'Always' };
  it.each<{ reason: string; spec: corev1.PodSpec; requests: Record<string, string> }>([
    { reason: 'its containers together', spec: { containers: [container('a', { cpu: '1', memory: '1Gi' }), container('b', { cpu: '500m' })] }, requests: { cpu: '1500m', memory: '1Gi' } },
    { reason: 'its hungriest init container', spec: { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '3' }), container('j', { cpu: '2' })] }, requests: { cpu: '3' } },
    { reason: 'a sidecar beside its containers', spec: { containers: [container('a', { cpu: '1' })], initContainers: [sidecar] }, requests: { cpu: '1200m' } },
    { reason: 'an init container with the sidecar before it', spec: { containers: [container('a', { cpu: '1' })], initContainers: [sidecar, container('i', { cpu: '2' })] }, requests: { cpu: '2200m' } },
    { reason: 'the overhead of its runtime', spec: { containers: [container('a', { cpu: '1' })], overhead: { cpu: '100m' } }, requests: { cpu: '1100m' } },
    { reason: 'what the pod itself states', spec: { containers: [container('a', { cpu: '1', memory: '1Gi' })], resources: { requests: { cpu: '5' } } }, requests: { cpu: '5', memory: '1Gi' } },
  ])('$reason', ({ spec, requests }) => {
    expect(writeAmounts(podAmounts(spec, 'requests'))).toEqual(requests);
  });

  it('adds overhead to limits only where there is one', () => {
    expect(writeAmounts(podAmounts({ containers: [container('a', {}, { cpu: '1' })], overhead: { cpu: '100m', memory: '1Mi' } }, 'limits'))).toEqual({ cpu: '1100m' });
  });
});

describe('what an object uses', () => {
  const pod = (spec: Partial<corev1.PodSpec>, more: Partial<corev1.Pod> = {}): unknown => ({ metadata: {}, spec: { containers: [], ...spec }, ...more });
  const service = (spec: corev1.ServiceSpec): unknown => ({ metadata: {}, spec: { ports: [{ port: 1 }, { port: 2, nodePort: 30001 }], ...spec } });
  const services = (nodePorts: string, balancers: string): Record<string, string> => ({ services: '1', 'count/services': '1', 'services.nodeports': nodePorts, 'services.loadbalancers': balancers });
  const claim = (more: object, storageClassName?: string): unknown => ({ metadata: {}, spec: { storageClassName, resources: { requests: { storage: '5Gi' } } }, ...more });

  it.each<{ reason: string; group?: string; resource: string; object: unknown; usage: Record<string, string> }>([
    { reason: 'a pod', resource: 'pods', object: pod({ containers: [container('a', { cpu: '1', 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' }, { memory: '1Gi' })] }), usage: { pods: '1', 'count/pods': '1', cpu: '1', 'requests.cpu': '1', 'limits.memory': '1Gi', 'requests.example.com/gpu': '2', 'hugepages-2Mi': '4Mi', 'requests.hugepages-2Mi': '4Mi' } },
    { reason: 'a pod that has ended: only its object', resource: 'pods', object: pod({ containers: [container('a', { cpu: '1' })] }, { status: { phase: 'Succeeded' } }), usage: { 'count/pods': '1' } },
    { reason: 'a pod that should be gone by now', resource: 'pods', object: pod({}, { metadata: { deletionTimestamp: '2029-12-31T23:00:00Z', deletionGracePeriodSeconds: 30 } }), usage: { 'count/pods': '1' } },
    { reason: 'a pod in its grace period', resource: 'pods', object: pod({}, { metadata: { deletionTimestamp: '2029-12-31T23:59:50Z', deletionGracePeriodSeconds: 30 } }), usage: { 'count/pods': '1', pods: '1' } },
    { reason: 'a cluster IP', resource: 'services', object: service({ type: 'ClusterIP' }), usage: services('0', '0') },
    { reason: 'a node port', resource: 'services', object: service({ type: 'NodePort' }), usage: services('2', '0') },
    { reason: 'a load balancer', resource: 'services', object: service({ type: 'LoadBalancer' }), usage: services('2', '1') },
    { reason: 'a load balancer without node ports but for one', resource: 'services', object: service({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }), usage: services('1', '1') },
    { reason: 'a claim', resource: 'persistentvolumeclaims', object: claim({}), usage: { persistentvolumeclaims: '1', 'count/persistentvolumeclaims': '1', 'requests.storage': '5Gi' } },
    { reason: 'a claim of a class, still shrinking', resource: 'persistentvolumeclaims', object: claim({ status: { allocatedResources: { storage: '7Gi' } } }, 'fast'), usage: { persistentvolumeclaims: '1', 'count/persistentvolumeclaims': '1', 'requests.storage': '7Gi', 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1', 'fast.storageclass.storage.k8s.io/requests.storage': '7Gi' } },
    { reason: 'a secret', resource: 'secrets', object: { metadata: {} }, usage: { secrets: '1', 'count/secrets': '1' } },
    { reason: 'a deployment', group: 'apps', resource: 'deployments', object: { metadata: {} }, usage: { 'count/deployments.apps': '1' } },
    { reason: 'devices, the most of alternatives', group: 'resource.k8s.io', resource: 'resourceclaims', object: { metadata: {}, spec: { devices: { requests: [{ name: 'r', firstAvailable: [{ name: 'a', deviceClassName: 'gpu', count: 1 }, { name: 'b', deviceClassName: 'gpu', count: 3 }] }, { name: 's', exactly: { deviceClassName: 'nic' } }] } } }, usage: { 'count/resourceclaims.resource.k8s.io': '1', 'gpu.deviceclass.resource.k8s.io/devices': '3', 'nic.deviceclass.resource.k8s.io/devices': '1' } },
  ])('$reason', ({ group = '', resource, object, usage }) => {
    expect(usageOf(group, resource, object)).toEqual(usage);
  });

  it.each([
    ['requests.cpu', '/pods'], ['pods', '/pods'], ['requests.example.com/gpu', '/pods'], ['services.nodeports', '/services'], ['fast.storageclass.storage.k8s.io/requests.storage', '/persistentvolumeclaims'],
    ['configmaps', '/configmaps'], ['count/deployments.apps', 'apps/deployments'], ['count/widgets.example.com', 'example.com/widgets'], ['count/secrets', '/secrets'], ['gpu.deviceclass.resource.k8s.io/devices', 'resource.k8s.io/resourceclaims'],
  ])('a quota of %s counts %s', (name, counts) => {
    const found = countedBy(name);
    expect(`${found?.group ?? ''}/${found?.resource ?? ''}`).toBe(counts);
    expect(found && evaluatorFor(found).concerns(name)).toBe(true);
  });

  it('knows no other names', () => {
    expect(countedBy('deployments')).toBeUndefined();
  });
});

describe('scopes', () => {
  const quota = (spec: corev1.ResourceQuotaSpec): corev1.ResourceQuota => ({ metadata: {}, spec });
  const burstable = aPod().withContainer({ name: 'a', resources: { requests: { cpu: '1' } } }).build();
  const plain = aPod().build();
  const limited = aPod().with(({ spec }) => (spec.activeDeadlineSeconds = 5)).build();
  const important = aPod().with(({ spec }) => (spec.priorityClassName = 'high')).build();
  const far = aPod().with(({ spec }) => (spec.affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z', namespaces: ['other'] }] } })).build();
  const priority = (operator: string, ...values: string[]): corev1.ResourceQuotaSpec => ({ scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] } });

  it.each<{ reason: string; spec: corev1.ResourceQuotaSpec; pod: corev1.Pod; within: boolean }>([
    { reason: 'none', spec: {}, pod: plain, within: true },
    { reason: 'BestEffort, and is', spec: { scopes: ['BestEffort'] }, pod: plain, within: true },
    { reason: 'BestEffort, and is not', spec: { scopes: ['BestEffort'] }, pod: burstable, within: false },
    { reason: 'NotBestEffort', spec: { scopes: ['NotBestEffort'] }, pod: burstable, within: true },
    { reason: 'Terminating', spec: { scopes: ['Terminating'] }, pod: limited, within: true },
    { reason: 'Terminating, and is not', spec: { scopes: ['Terminating'] }, pod: plain, within: false },
    { reason: 'NotTerminating', spec: { scopes: ['NotTerminating'] }, pod: plain, within: true },
    { reason: 'both of two', spec: { scopes: ['NotTerminating', 'BestEffort'] }, pod: burstable, within: false },
    { reason: 'any priority class', spec: { scopes: ['PriorityClass'] }, pod: important, within: true },
    { reason: 'any priority class, and has none', spec: { scopes: ['PriorityClass'] }, pod: plain, within: false },
    { reason: 'one priority class', spec: priority('In', 'high'), pod: important, within: true },
    { reason: 'another priority class', spec: priority('NotIn', 'high'), pod: important, within: false },
    { reason: 'no priority class', spec: priority('DoesNotExist'), pod: plain, within: true },
    { reason: 'affinity to other namespaces', spec: { scopes: ['CrossNamespacePodAffinity'] }, pod: far, within: true },
    { reason: 'affinity to other namespaces, and has none', spec: { scopes: ['CrossNamespacePodAffinity'] }, pod: plain, within: false },
  ])('asks for $reason', ({ spec, pod, within }) => {
    expect(inScope(quota(spec), { group: '', resource: 'pods' }, pod)).toBe(within);
  });

  it('hold claims by their attributes class, and nothing else', () => {
    const gold = quota({ scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['gold'] }] } });
    const claims = { group: '', resource: 'persistentvolumeclaims' };
    expect(inScope(gold, claims, { metadata: {}, status: { currentVolumeAttributesClassName: 'gold' } } as KubeObject)).toBe(true);
    expect(inScope(gold, claims, { metadata: {} })).toBe(false);
    expect(inScope(gold, { group: '', resource: 'secrets' }, { metadata: {} })).toBe(false);
  });
});
