import type { KubeObject } from '../kube-object';
import { allResources } from '../tables/resource-table';
import { applyScale, scaleOf } from './scale';
import { selectableFields } from './selectable-fields';
import { strategyFor } from './strategy-for';
import { type StrategyContext } from './types';

const context: StrategyContext = { userName: 'jane', userGroups: ['dev'], nowMs: Date.parse('2026-01-02T03:04:05Z'), warn: () => undefined };
const object = (parts: object): KubeObject => structuredClone({ metadata: {}, ...parts });
const semantics = (group: string, resource: string): NonNullable<ReturnType<typeof strategyFor>> => strategyFor(group, resource)!;

function created(group: string, resource: string, parts: object): object {
  const result = object(parts);
  semantics(group, resource).strategy.prepareForCreate?.(result, context);
  return result;
}

function updated(group: string, resource: string, parts: object, oldParts: object, view = ''): object {
  const old = object(oldParts);
  const result = object({ ...parts, metadata: { ...old.metadata, ...(parts as { metadata?: object }).metadata } });
  const all = semantics(group, resource);
  (view === '' ? all.strategy : all.subresources[view])?.prepareForUpdate?.(result, old, context);
  return result;
}

describe('a pod whose AppArmor profile an annotation names', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c';
  const said = `metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`;

  it.each<[annotation: string, spec: object, own: object | undefined, warnings: string[]]>([
    ['unconfined', {}, { type: 'Unconfined' }, [said]],
    ['runtime/default', { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, { type: 'RuntimeDefault' }, [said]],
    ['runtime/default', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }, undefined, []],
    ['localhost/', {}, undefined, [said]],
    ['x', {}, undefined, [said]],
    ['unconfined', { os: { name: 'windows' } }, undefined, []],
  ])('%s with %j', (annotation, spec, own, warnings) => {
    const pod = object({ metadata: { annotations: { [key]: annotation } }, spec: { ...spec, containers: [{ name: 'c' }] } });
    const warned: string[] = [];
    semantics('', 'pods').strategy.prepareForCreate?.(pod, { ...context, warn: (text) => warned.push(text) });
    expect((pod as unknown as { spec: { containers: { securityContext?: { appArmorProfile?: object } }[] } }).spec.containers[0]?.securityContext?.appArmorProfile).toEqual(own);
    expect(warned).toEqual(warnings);
  });
});

const withoutTopology: unknown = expect.not.objectContaining({ deprecatedTopology: expect.anything() as unknown });

describe('strategies', () => {
  it('exist for every built-in resource, with a status view where discovery shows one', () => {
    for (const { group, resource, subresources, kind } of allResources()) {
      const found = strategyFor(group, resource);
      expect(found).toBeDefined();
      if (subresources.some(({ name }) => name === 'status' && kind !== 'Scale')) expect(found?.subresources).toHaveProperty('status');
    }
  });

  it('leave to who applies through a resize the sizes of containers, and not those of the pod', () => {
    const { allBut } = (strategyFor('', 'pods')?.resets?.['resize'] ?? {}) as { allBut?: string[] };
    expect(allBut).toEqual(['spec.containers.*.resources', 'spec.containers.*.resizePolicy', 'spec.initContainers.*.resources', 'spec.initContainers.*.resizePolicy']);
  });

  it.each<[group: string, resource: string, given: object, expected: object, reason: string]>([
    ['', 'pods', { spec: { containers: [] }, status: { phase: 'Running' } }, { metadata: { generation: 1 }, status: { phase: 'Pending', qosClass: 'BestEffort' } }, 'a client cannot say that its pod runs'],
    ['', 'pods', { spec: { schedulingGates: [{ name: 'a' }] } }, { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } }, 'gates keep it from the scheduler'],
    ['', 'pods', { metadata: { labels: { hash: 'x' } }, spec: { topologySpreadConstraints: [{ labelSelector: {}, matchLabelKeys: ['hash', 'absent'] }] } }, { spec: { topologySpreadConstraints: [{ labelSelector: { matchExpressions: [{ key: 'hash', operator: 'In', values: ['x'] }] } }] } }, 'keys become part of the selector'],
    ['', 'pods', { spec: { serviceAccountName: 'x' } }, { spec: { serviceAccount: 'x' } }, 'the older name too'],
    ['', 'pods', { metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/a': 'localhost/x' } }, spec: { containers: [{ name: 'a', securityContext: { runAsUser: 1 } }] } }, { spec: { containers: [{ securityContext: { runAsUser: 1, appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } } }] } }, 'nodes read the field'],
    ['resource.k8s.io', 'resourceslices', { spec: { devices: [{ taints: [{ key: 'a' }, { key: 'b', timeAdded: '2025-01-01T00:00:00Z' }] }] } }, { spec: { devices: [{ taints: [{ key: 'a', timeAdded: '2026-01-02T03:04:05Z' }, { key: 'b', timeAdded: '2025-01-01T00:00:00Z' }] }] } }, 'taints are dated'],
    ['', 'namespaces', { metadata: { name: 'a' } }, { metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }, 'contents go first'],
    ['', 'nodes', { status: { capacity: { cpu: '1' } } }, { status: { capacity: { cpu: '1' } } }, 'a node comes with its status'],
    ['', 'services', { spec: { clusterIP: '10.96.0.5' }, status: { loadBalancer: { ingress: [] } } }, { spec: { clusterIPs: ['10.96.0.5'] }, status: { loadBalancer: {} } }, 'the first address is the address'],
    ['', 'persistentvolumes', {}, { status: { phase: 'Pending', lastPhaseTransitionTime: '2026-01-02T03:04:05Z' } }, 'new volume'],
    ['', 'persistentvolumeclaims', { spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'b' } } }, { spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' } }, status: { phase: 'Pending' } }, 'both fields say the same'],
    ['', 'persistentvolumeclaims', { spec: { dataSourceRef: { apiGroup: 'example.com', kind: 'A', name: 'b' } } }, { spec: { dataSource: { apiGroup: 'example.com', kind: 'A', name: 'b' } } }, 'also of other kinds'],
    ['', 'persistentvolumeclaims', { spec: { dataSource: { apiGroup: 'example.com', kind: 'A', name: 'b' } } }, { spec: {} }, 'the older field takes no other kinds'],
    ['apps', 'deployments', { status: { replicas: 5 } }, { metadata: { generation: 1 }, status: {} }, 'status is not the client\'s'],
    ['apps', 'daemonsets', {}, { metadata: { generation: 1, annotations: { 'deprecated.daemonset.template.generation': '1' } } }, 'template generation'],
    ['apps', 'daemonsets', { metadata: { annotations: { 'deprecated.daemonset.template.generation': '7' } } }, { metadata: { annotations: { 'deprecated.daemonset.template.generation': '7' } } }, 'which goes on'],
    ['batch', 'jobs', { metadata: { name: 'j', uid: 'u' }, spec: { template: {} } }, { spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } }, template: { metadata: { labels: { 'job-name': 'j', 'controller-uid': 'u' } } } } }, 'finds its pods by uid'],
    ['certificates.k8s.io', 'certificatesigningrequests', { spec: { username: 'root', groups: ['system:masters'] }, status: { certificate: 'x' } }, { spec: { username: 'jane', groups: ['dev'] }, status: {} }, 'who asks is not the client\'s word'],
    ['discovery.k8s.io', 'endpointslices', { endpoints: [{ addresses: ['1'], deprecatedTopology: { a: 'b' } }] }, { endpoints: [withoutTopology] }, 'topology was of an older version'],
    ['apiextensions.k8s.io', 'customresourcedefinitions', { spec: { versions: [{ name: 'v1', storage: true }, { name: 'v2' }] } }, { metadata: { generation: 1 }, status: { storedVersions: ['v1'] } }, 'stored versions are recorded'],
  ])('prepare a new object of %s/%s, %j, as %j: %s', (group, resource, given, expected) => {
    const made = created(group, resource, given);
    expect(made).toMatchObject(expected);
    if (resource === 'persistentvolumeclaims' && Object.keys((expected as { spec: object }).spec).length === 0) expect((made as { spec: object }).spec).toEqual({});
  });

  it.each([['scheduling.k8s.io', 'podgroups'], ['scheduling.k8s.io', 'workloads'], ['storage.k8s.io', 'csidrivers'], ['resource.k8s.io', 'resourceclaims']])('give a new object of %s/%s no generation', (group, resource) => {
    expect((created(group, resource, { spec: {} }) as KubeObject).metadata.generation).toBeUndefined();
  });

  it.each<[group: string, resource: string, view: string, given: object, old: object, expected: object, reason: string]>([
    ['resource.k8s.io', 'resourceclaims', 'status', { status: { devices: [{ driver: 'a', pool: 'p', device: 'd' }] } }, { status: { allocation: { devices: { results: [{ driver: 'a', pool: 'p', device: 'd' }] } }, devices: [{ driver: 'a', pool: 'p', device: 'd' }] } }, { status: {} }, 'what drivers said of devices goes with them'],
    ['resource.k8s.io', 'resourceclaims', 'status', { status: { devices: [{ driver: 'b', pool: 'p', device: 'd' }] } }, { status: {} }, { status: { devices: [{ driver: 'b' }] } }, 'devices that were never allocated are for validation to refuse'],
    ['apps', 'deployments', '', { spec: { replicas: 2 }, status: {} }, { metadata: { generation: 1 }, spec: { replicas: 1 }, status: { replicas: 1 } }, { metadata: { generation: 2 }, status: { replicas: 1 } }, 'a change of spec counts, status stays'],
    ['apps', 'deployments', '', { spec: { replicas: 1 } }, { metadata: { generation: 1 }, spec: { replicas: 1 } }, { metadata: { generation: 1 } }, 'no change does not count'],
    ['apps', 'deployments', '', { metadata: { annotations: { a: 'b' } }, spec: {} }, { metadata: { generation: 1 }, spec: {} }, { metadata: { generation: 2 } }, 'annotations reach the ReplicaSets'],
    ['apps', 'replicasets', '', { metadata: { annotations: { a: 'b' } }, spec: {} }, { metadata: { generation: 1 }, spec: {} }, { metadata: { generation: 1 } }, 'elsewhere they do not count'],
    ['apps', 'deployments', 'status', { spec: { replicas: 9 }, status: { replicas: 3 } }, { metadata: { generation: 1 }, spec: { replicas: 3 }, status: {} }, { metadata: { generation: 1 }, spec: { replicas: 3 }, status: { replicas: 3 } }, 'the status view changes status only'],
    ['apps', 'daemonsets', '', { metadata: { annotations: {} }, spec: { template: { a: 1 } } }, { metadata: { generation: 1, annotations: { 'deprecated.daemonset.template.generation': '4' } }, spec: {} }, { metadata: { annotations: { 'deprecated.daemonset.template.generation': '5' } } }, 'a new template counts'],
    ['', 'services', '', { spec: { type: 'NodePort', ports: [{ name: 'a', port: 80 }] } }, { spec: { type: 'NodePort', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ name: 'a', port: 81, nodePort: 30000 }] } }, { spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ nodePort: 30000 }] } }, 'what was allocated stays'],
    ['', 'services', '', { spec: { type: 'ExternalName', externalName: 'a.b', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] } }, { spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] } }, { spec: { type: 'ExternalName', externalName: 'a.b' } }, 'an alias has no address'],
    ['', 'namespaces', '', { spec: { finalizers: [] } }, { metadata: { name: 'a' }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } }, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } }, 'finalizers have their own view'],
    ['', 'namespaces', 'finalize', { spec: {}, status: {} }, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } }, { spec: {}, status: { phase: 'Terminating' } }, 'through which they go'],
    ['', 'nodes', '', { spec: { unschedulable: true } }, { spec: {}, status: { capacity: { cpu: '1' } } }, { spec: { unschedulable: true }, status: { capacity: { cpu: '1' } } }, 'status stays'],
    ['', 'pods', '', { spec: { activeDeadlineSeconds: 1 }, status: {} }, { metadata: { generation: 1 }, spec: {}, status: { phase: 'Running' } }, { metadata: { generation: 2 }, status: { phase: 'Running' } }, 'pods have a generation'],
    ['', 'pods', 'status', { status: { conditions: [{ type: 'a' }, { type: 'b', observedGeneration: 4 }, { type: 'a' }] } }, { spec: {}, status: { observedGeneration: 3, conditions: [{ type: 'a', observedGeneration: 1 }, { type: 'b', observedGeneration: 3 }, { type: 'a', observedGeneration: 2 }] } }, { status: { observedGeneration: 3, conditions: [{ observedGeneration: 1 }, { observedGeneration: 4 }, { observedGeneration: 2 }] } }, 'who knows no generations clears none'],
    ['', 'pods', 'resize', { spec: { nodeName: 'x', resources: { requests: { cpu: '2' } }, containers: [{ name: 'a', image: 'evil' }] } }, { metadata: { generation: 1 }, spec: { resources: { requests: { cpu: '1' } }, containers: [{ name: 'a', image: 'good' }] } }, { metadata: { generation: 2 }, spec: { resources: { requests: { cpu: '2' } }, containers: [{ name: 'a', image: 'good' }] } }, 'those of the whole pod as well'],
    ['', 'pods', 'resize', { spec: { nodeName: 'x', containers: [{ name: 'a', image: 'evil', resources: { limits: { cpu: '2' } } }] } }, { metadata: { generation: 1 }, spec: { containers: [{ name: 'a', image: 'good', resources: {} }] } }, { metadata: { generation: 2 }, spec: { containers: [{ name: 'a', image: 'good', resources: { limits: { cpu: '2' } } }] } }, 'only resources change'],
    ['', 'pods', 'ephemeralcontainers', { spec: { nodeName: 'x', containers: [], ephemeralContainers: [{ name: 'd' }] } }, { metadata: { generation: 1 }, spec: { containers: [{ name: 'a' }] } }, { metadata: { generation: 2 }, spec: { containers: [{ name: 'a' }], ephemeralContainers: [{ name: 'd' }] } }, 'only debuggers come'],
    ['certificates.k8s.io', 'certificatesigningrequests', 'status', { status: { certificate: 'x', conditions: [{ type: 'Approved', status: 'True' }] } }, { spec: { request: 'r' }, status: {} }, { spec: { request: 'r' }, status: { certificate: 'x' } }, 'approving has its own view: validation refuses it here'],
    ['certificates.k8s.io', 'certificatesigningrequests', 'status', { status: { conditions: [{ type: 'Mine', status: 'True' }, { type: 'Approved', status: 'False' }] } }, { spec: {}, status: { conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: 'then', lastTransitionTime: 'then' }, { type: 'Mine', status: 'True', lastUpdateTime: 'then', lastTransitionTime: 'then' }] } }, { status: { conditions: [{ type: 'Mine', lastUpdateTime: '2026-01-02T03:04:05Z', lastTransitionTime: 'then' }, { type: 'Approved', status: 'True', lastUpdateTime: 'then' }] } }, 'and what was approved stays'],
    ['', 'persistentvolumes', 'status', { status: { phase: 'Bound' } }, { spec: {}, status: { phase: 'Available', lastPhaseTransitionTime: 'then' } }, { status: { lastPhaseTransitionTime: '2026-01-02T03:04:05Z' } }, 'a new phase is dated'],
    ['', 'persistentvolumes', 'status', { status: { phase: 'Bound', lastPhaseTransitionTime: 'now' } }, { spec: {}, status: { phase: 'Available', lastPhaseTransitionTime: 'then' } }, { status: { lastPhaseTransitionTime: 'now' } }, 'unless the client does that'],
    ['', 'persistentvolumes', 'status', { status: { phase: 'Bound' } }, { spec: {}, status: { phase: 'Bound', lastPhaseTransitionTime: 'then' } }, { status: { lastPhaseTransitionTime: 'then' } }, 'the same phase keeps its date'],
    ['certificates.k8s.io', 'certificatesigningrequests', 'approval', { status: { certificate: 'x', conditions: [{ type: 'Approved', status: 'True' }] } }, { spec: { request: 'r' }, status: {} }, { status: { conditions: [{ type: 'Approved', lastUpdateTime: '2026-01-02T03:04:05Z' }] } }, 'through which it goes'],
    ['discovery.k8s.io', 'endpointslices', '', { endpoints: [{ addresses: ['1'], deprecatedTopology: { a: 'b' } }] }, { metadata: { generation: 1 } }, { endpoints: [withoutTopology] }, 'nor can an older version\'s topology come later'],
    ['storage.k8s.io', 'csidrivers', '', { spec: { requiresRepublish: true } }, { spec: {} }, { metadata: { generation: 1 } }, 'changes of a driver are counted'],
    ['resource.k8s.io', 'devicetaintrules', '', { spec: { taint: { effect: 'None', timeAdded: 'then' } } }, { spec: { taint: { effect: 'NoExecute', timeAdded: 'then' } } }, { spec: { taint: { timeAdded: '2026-01-02T03:04:05Z' } } }, 'another effect begins now'],
    ['resource.k8s.io', 'devicetaintrules', '', { spec: { taint: { effect: 'None', timeAdded: 'now' } } }, { spec: { taint: { effect: 'NoExecute', timeAdded: 'then' } } }, { spec: { taint: { timeAdded: 'now' } } }, 'unless its author says since when'],
    ['resource.k8s.io', 'devicetaintrules', '', { spec: { taint: { effect: 'None', value: 'b', timeAdded: 'then' } } }, { spec: { taint: { effect: 'None', timeAdded: 'then' } } }, { spec: { taint: { timeAdded: 'then' } } }, 'the same effect goes on'],
    ['discovery.k8s.io', 'endpointslices', '', { endpoints: [{ addresses: ['1'] }] }, { metadata: { generation: 1 } }, { metadata: { generation: 2 } }, 'content counts'],
  ])('prepare a change of %s/%s %s: %j over %j gives %j: %s', (group, resource, view, given, old, expected) => {
    const result = updated(group, resource, given, old, view);
    expect(result).toMatchObject(expected);
    if (resource === 'pods' && view !== '') expect((result as { spec: object }).spec).not.toHaveProperty('nodeName');
    if (view === 'approval') expect((result as { status: object }).status).not.toHaveProperty('certificate');
  });

  it.each([
    { spec: {}, phase: 'Pending', asked: undefined, period: 0, reason: 'no node has it' },
    { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 }, phase: 'Running', asked: undefined, period: 30, reason: 'its own period' },
    { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 }, phase: 'Running', asked: 5, period: 5, reason: 'the client\'s period' },
    { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 }, phase: 'Succeeded', asked: undefined, period: 0, reason: 'it is over' },
    { spec: { nodeName: 'n', terminationGracePeriodSeconds: -1 }, phase: 'Running', asked: undefined, period: 1, reason: 'never negative' },
  ])('wait $period s before a pod goes: $reason', ({ spec, phase, asked, period }) => {
    expect(semantics('', 'pods').gracePeriodSeconds?.(object({ spec, status: { phase } }), asked)).toBe(period);
  });

  it.each([
    ['', 'pods', { spec: { nodeName: 'n' } }, { 'spec.nodeName': 'n', 'spec.hostNetwork': 'false', 'status.phase': '' }],
    ['', 'events', { reportingComponent: 'kubelet', involvedObject: { kind: 'Pod' } }, { 'involvedObject.kind': 'Pod', source: 'kubelet' }],
    ['batch', 'jobs', {}, { 'status.successful': '0' }],
    ['', 'configmaps', { metadata: { name: 'a', namespace: 'b' } }, { 'metadata.name': 'a', 'metadata.namespace': 'b' }],
  ])('select %s/%s by fields of %j', (group, resource, parts, expected) => {
    const values = Object.fromEntries(Object.entries(selectableFields(group, resource)).map(([field, read]) => [field, read(object(parts))]));
    expect(values).toMatchObject(expected);
  });

  it.each([
    { what: 'an alias gives up what a Service of pods has', old: { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], internalTrafficPolicy: 'Cluster' }, given: { type: 'ExternalName', clusterIP: 'None', internalTrafficPolicy: 'Local' }, becomes: { type: 'ExternalName' } },
    { what: 'who wants no more node ports keeps those it names', old: { type: 'LoadBalancer', ports: [{ name: 'a', nodePort: 1 }, { name: 'b', nodePort: 2 }] }, given: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ name: 'a', nodePort: 1 }, { name: 'b' }] }, becomes: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ name: 'a', nodePort: 1 }, { name: 'b' }] } },
    { what: 'who has no use for node ports gives up those that are left', old: { type: 'NodePort', ports: [{ name: 'a', nodePort: 1 }, { name: 'b', nodePort: 2 }] }, given: { type: 'ClusterIP', ports: [{ name: 'a', nodePort: 1 }] }, becomes: { type: 'ClusterIP', ports: [{ name: 'a' }] } },
  ])('change the type of a Service: $what', ({ old, given, becomes }) => {
    expect(updated('', 'services', { spec: given }, { spec: old })).toMatchObject({ spec: becomes });
    expect(Object.keys((updated('', 'services', { spec: given }, { spec: old }) as { spec: object }).spec).sort()).toEqual(Object.keys(becomes).sort());
  });

  it('show and change the scale of a workload', () => {
    const deployment = object({ metadata: { name: 'a', namespace: 'b', creationTimestamp: 'c' }, spec: { replicas: 3, selector: { matchLabels: { a: 'b' } } }, status: { replicas: 2 } });
    expect(scaleOf('apps', 'deployments', deployment)).toEqual({
      apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a', namespace: 'b', creationTimestamp: 'c' }, spec: { replicas: 3 }, status: { replicas: 2, selector: 'a=b' },
    });
    applyScale(deployment, { spec: {} });
    expect(deployment).toMatchObject({ spec: { replicas: 0, selector: { matchLabels: { a: 'b' } } } });
  });
});

it.each([
  ['resource.k8s.io', 'deviceclasses', true], ['resource.k8s.io', 'resourceclaims', true], ['resource.k8s.io', 'resourceclaimtemplates', true],
  ['resource.k8s.io', 'resourceslices', true], ['resource.k8s.io', 'devicetaintrules', true], ['storage.k8s.io', 'csistoragecapacities', false],
])('whether a delete in %s of %s is answered by the object: %s', (group, resource, returnsDeleted) => {
  expect(semantics(group, resource).returnsDeleted).toBe(returnsDeleted);
});

it('schemas of flow control may be updated without their version', () => {
  for (const resource of ['flowschemas', 'prioritylevelconfigurations']) expect(semantics('flowcontrol.apiserver.k8s.io', resource).unconditionalUpdate).toBe(true);
});
