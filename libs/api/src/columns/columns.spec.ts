import type { KubeObject } from '../kube-object';
import { dataFile } from '../tables/data-file';
import { allResources } from '../tables/resource-table';
import { humanDuration } from './human-duration';
import { renderCell } from './cell';
import { printerFor, scalePrinter } from './printer-for';

const now = Date.parse('2026-01-10T00:00:00Z');
const ago = (ms: number): string => new Date(now - ms).toISOString().replace(/\.\d+/, '');
const minute = 60_000;

function row(group: string, resource: string, object: object): Record<string, unknown> {
  const { columns, cells } = printerFor(group, resource);
  const values = cells({ metadata: {}, ...object }).map((cell) => renderCell(cell, now));
  expect(values).toHaveLength(columns.length);
  return Object.fromEntries(columns.map(({ name }, i) => [name, values[i]]));
}

const measured = dataFile<{ resources: Record<string, { columns?: [name: string, type: string, format: string, priority: number][] }> }>('printing');
/** Columns that changed, moved or went since the measured version. */
const newer: Record<string, string[]> = {
  pods: ['Restarts'],
  serviceaccounts: ['Secrets'],
  jobs: ['Status'],
  cronjobs: ['Timezone'],
  persistentvolumes: ['VolumeAttributesClass'],
  persistentvolumeclaims: ['VolumeAttributesClass'],
  priorityclasses: ['PreemptionPolicy'],
  csidrivers: ['StorageCapacity', 'TokenRequests', 'RequiresRepublish'],
  certificatesigningrequests: ['RequestedDuration'],
};

describe('columns', () => {
  it.each([...allResources()].filter(({ servedByDefault, version, group }) => servedByDefault && !(group === 'autoscaling' && version === 'v2')))(
    'of $group/$resource are those of a real server, where it was measured',
    ({ group, version, resource }) => {
      const versions = [version, 'v1beta1'].map((candidate) => measured().resources[group === '' ? `${candidate}/${resource}` : `${group}/${candidate}/${resource}`]?.columns);
      const expected = versions.find((columns) => columns !== undefined);
      // Quotas show their age last now; concurrency shares have another name.
      if (expected === undefined || resource === 'resourcequotas' || resource === 'prioritylevelconfigurations') return;
      const added = new Set(newer[resource] ?? []);
      const shape = printerFor(group, resource).columns.map(({ name, type, format, priority }) => [name, type, format, priority]);
      const strip = (columns: unknown[][]): unknown[][] => columns.filter(([name]) => !added.has(name as string));
      expect(strip(shape)).toEqual(strip(expected));
    },
  );

  it.each([
    [-5000, '<invalid>'], [-1000, '0s'], [0, '0s'], [119_000, '119s'], [120_000, '2m'], [125_000, '2m5s'], [10 * minute, '10m'], [179 * minute, '179m'],
    [3 * 60 * minute, '3h'], [200 * minute, '3h20m'], [8 * 60 * minute, '8h'], [47 * 60 * minute, '47h'], [48 * 60 * minute, '2d'], [50 * 60 * minute, '2d2h'],
    [8 * 1440 * minute, '8d'], [729 * 1440 * minute, '729d'], [730 * 1440 * minute, '2y'], [740 * 1440 * minute, '2y10d'], [3000 * 1440 * minute, '8y'],
  ])('show %d ms as %s', (milliseconds, text) => {
    expect(humanDuration(milliseconds)).toBe(text);
  });

  const running = { name: 'a', ready: true, state: { running: {} } };
  it.each<[spec: object, status: object, expected: object, reason: string]>([
    [{ containers: [{}] }, { phase: 'Pending' }, { Ready: '0/1', Status: 'Pending', Restarts: '0', IP: '<none>', Node: '<none>' }, 'not scheduled'],
    [{ containers: [{}], nodeName: 'n' }, { phase: 'Running', podIPs: [{ ip: '10.244.0.2' }], containerStatuses: [running] }, { Ready: '1/1', Status: 'Running', IP: '10.244.0.2', Node: 'n' }, 'running'],
    [{ containers: [{}] }, { phase: 'Running', containerStatuses: [{ restartCount: 3, lastState: { terminated: { finishedAt: ago(5 * minute) } }, state: { waiting: { reason: 'CrashLoopBackOff' } } }] }, { Status: 'CrashLoopBackOff', Restarts: '3 (5m ago)' }, 'crash loop with the age of the last restart'],
    [{ containers: [{}] }, { phase: 'Failed', reason: 'Evicted' }, { Status: 'Evicted' }, 'reason of the pod'],
    [{ containers: [{}], initContainers: [{ name: 'i' }, { name: 'j' }] }, { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { terminated: { exitCode: 0 } } }, { name: 'j', state: { running: {} } }] }, { Status: 'Init:1/2', Ready: '0/1' }, 'second init container'],
    [{ containers: [{}], initContainers: [{ name: 'i' }] }, { phase: 'Pending', initContainerStatuses: [{ name: 'i', restartCount: 2, state: { terminated: { exitCode: 7 } } }] }, { Status: 'Init:ExitCode:7', Restarts: '2' }, 'init container failed'],
    [{ containers: [{}], initContainers: [{ name: 's', restartPolicy: 'Always' }] }, { phase: 'Running', initContainerStatuses: [{ name: 's', started: true, ready: true, restartCount: 1, state: { running: {} } }], containerStatuses: [running] }, { Ready: '2/2', Status: 'Running', Restarts: '1' }, 'sidecar counts'],
    [{ containers: [{}, {}] }, { phase: 'Running', containerStatuses: [{ state: { terminated: { reason: 'Completed', exitCode: 0 } } }, running] }, { Status: 'NotReady', Ready: '1/2' }, 'one is over, one runs'],
    [{ containers: [{}] }, { phase: 'Running', containerStatuses: [{ state: { terminated: { exitCode: 137, signal: 9 } } }] }, { Status: 'Signal:9' }, 'killed by a signal'],
    [{ containers: [{}] }, { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }, { Status: 'SchedulingGated' }, 'gated'],
    [{ containers: [{}], readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] }, { phase: 'Running', conditions: [{ type: 'a', status: 'True' }] }, { 'Readiness Gates': '1/2' }, 'gates'],
  ])('show a pod %j in state %j as %j: %s', (spec, status, expected) => {
    expect(row('', 'pods', { spec, status })).toMatchObject(expected);
  });

  it('show that a pod is being deleted, unless it is over or lost', () => {
    const deleted = (status: object): unknown => row('', 'pods', { metadata: { deletionTimestamp: ago(0) }, spec: {}, status })['Status'];
    expect(deleted({ phase: 'Running' })).toBe('Terminating');
    expect(deleted({ phase: 'Failed' })).toBe('Failed');
    expect(deleted({ phase: 'Running', reason: 'NodeLost' })).toBe('Unknown');
  });

  it('mark pods that are over', () => {
    const { conditions } = printerFor('', 'pods');
    expect(conditions?.({ metadata: {}, status: { phase: 'Succeeded' } } as KubeObject)).toMatchObject([{ type: 'Completed', reason: 'Succeeded' }]);
    expect(conditions?.({ metadata: {}, status: { phase: 'Running' } } as KubeObject)).toBeUndefined();
  });

  it.each<[group: string, resource: string, object: object, expected: object]>([
    ['', 'nodes', { metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } }, spec: { unschedulable: true }, status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.36.0' }, addresses: [{ type: 'InternalIP', address: '172.30.0.11' }] } }, { Status: 'Ready,SchedulingDisabled', Roles: 'control-plane,worker', Version: 'v1.36.0', 'Internal-IP': '172.30.0.11', 'External-IP': '<none>', 'OS-Image': '<unknown>' }],
    ['', 'nodes', { spec: {}, status: {} }, { Status: 'Unknown', Roles: '<none>' }],
    ['', 'services', { spec: { type: 'NodePort', clusterIPs: ['10.96.0.9'], ports: [{ port: 80, nodePort: 30000, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }], selector: { b: '2', a: '1' } } }, { 'Cluster-IP': '10.96.0.9', 'External-IP': '<none>', 'Port(s)': '80:30000/TCP,53/UDP', Selector: 'a=1,b=2' }],
    ['', 'services', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: {} } }, { 'Cluster-IP': '<none>', 'External-IP': '<pending>', 'Port(s)': '<none>', Selector: '<none>' }],
    ['', 'services', { spec: { type: 'LoadBalancer', externalIPs: ['9.9.9.9'] }, status: { loadBalancer: { ingress: [{ hostname: 'a.b' }, { ip: '1.2.3.4' }] } } }, { 'External-IP': '1.2.3.4,a.b,9.9.9.9' }],
    ['', 'services', { spec: { type: 'ExternalName', externalName: 'db.example' } }, { 'External-IP': 'db.example' }],
    ['', 'endpoints', { subsets: [{ addresses: [{ ip: '1' }, { ip: '2' }], ports: [{ port: 80 }, { port: 81 }] }] }, { Endpoints: '1:80,2:80,1:81 + 1 more...' }],
    ['', 'endpoints', {}, { Endpoints: '<none>' }],
    ['', 'events', { metadata: { name: 'e' }, type: 'Warning', reason: 'BackOff', involvedObject: { kind: 'Pod', name: 'p' }, source: { component: 'kubelet', host: 'n' }, message: ' hi\n', firstTimestamp: ago(10 * minute), lastTimestamp: ago(30_000), count: 4 }, { 'Last Seen': '30s', Object: 'pod/p', Source: 'kubelet, n', Message: 'hi', 'First Seen': '10m', Count: 4, Name: 'e' }],
    ['events.k8s.io', 'events', { eventTime: '2026-01-09T23:00:00.000000Z', reportingComponent: 'x' }, { 'Last Seen': '60m', Count: 1, Source: 'x' }],
    ['', 'configmaps', { data: { a: '' }, binaryData: { b: '' } }, { Data: 2 }],
    ['', 'persistentvolumes', { spec: { accessModes: ['ReadWriteMany', 'ReadWriteOnce'], capacity: { storage: '1Gi' }, claimRef: { namespace: 'a', name: 'b' } }, status: { phase: 'Bound' } }, { 'Access Modes': 'RWO,RWX', Capacity: '1Gi', Claim: 'a/b', VolumeMode: '<unset>', VolumeAttributesClass: '<unset>' }],
    ['', 'persistentvolumeclaims', { spec: {}, status: { phase: 'Pending', capacity: { storage: '1Gi' } } }, { Status: 'Pending', Volume: '', Capacity: '' }],
    ['', 'resourcequotas', { status: { hard: { pods: '10', 'limits.cpu': '2' }, used: { pods: '1', 'limits.cpu': '0' } } }, { Request: 'pods: 1/10', Limit: 'limits.cpu: 0/2' }],
    ['apps', 'deployments', { metadata: { creationTimestamp: ago(3 * minute) }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { spec: { containers: [{ name: 'a', image: 'x:1' }, { name: 'b', image: 'y' }] } } }, status: { readyReplicas: 2, updatedReplicas: 3 } }, { Ready: '2/3', 'Up-to-date': 3, Available: 0, Age: '3m', Containers: 'a,b', Images: 'x:1,y', Selector: 'app=web' }],
    ['apps', 'controllerrevisions', { metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true }] }, revision: 2 }, { Controller: 'statefulset.apps/web', Revision: 2 }],
    ['batch', 'jobs', { spec: { completions: 3 }, status: { succeeded: 1, startTime: ago(90_000), conditions: [] } }, { Status: 'Running', Completions: '1/3', Duration: '90s' }],
    ['batch', 'jobs', { spec: { parallelism: 2 }, status: { startTime: ago(90_000), completionTime: ago(80_000), conditions: [{ type: 'Complete', status: 'True' }] } }, { Status: 'Complete', Completions: '0/1 of 2', Duration: '10s' }],
    ['batch', 'cronjobs', { spec: { schedule: '* * * * *', suspend: false } }, { Schedule: '* * * * *', Timezone: '<none>', Suspend: 'False', Active: 0, 'Last Schedule': '<none>' }],
    ['autoscaling', 'horizontalpodautoscalers', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 5, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }] } }, { Reference: 'Deployment/web', Targets: 'cpu: <unknown>/80%', MinPods: '1', MaxPods: 5, Replicas: 0 }],
    ['networking.k8s.io', 'ingresses', { spec: { rules: [{ host: 'a' }, { host: 'b' }, { host: 'c' }, { host: 'd' }], tls: [{}] } }, { Class: '<none>', Hosts: 'a,b,c + 1 more...', Address: '', Ports: '80, 443' }],
    ['networking.k8s.io', 'networkpolicies', { spec: { podSelector: {} } }, { 'Pod-Selector': '<none>' }],
    ['discovery.k8s.io', 'endpointslices', { addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['1'] }, { addresses: ['2'] }] }, { Ports: '80', Endpoints: '1,2' }],
    ['certificates.k8s.io', 'podcertificaterequests', { spec: { podName: 'p', nodeName: 'n' }, status: { conditions: [{ type: 'Denied', status: 'True' }] } }, { PodName: 'p', NodeName: 'n', ServiceAccountName: '', State: 'Denied' }],
    ['certificates.k8s.io', 'podcertificaterequests', {}, { State: 'Pending' }],
    ['certificates.k8s.io', 'clustertrustbundles', { spec: {} }, { SignerName: '<none>' }],
    ['internal.apiserver.k8s.io', 'storageversions', { status: { storageVersions: [{ apiServerID: 'a', encodingVersion: 'v1' }] } }, { CommonEncodingVersion: '<unset>', StorageVersions: 'a=v1' }],
    ['resource.k8s.io', 'devicetaintrules', { spec: { taint: { key: 'k', effect: 'NoExecute', timeAdded: ago(3 * minute) } } }, { Key: 'k', Value: '', Effect: 'NoExecute', TimeAdded: '3m' }],
    ['storagemigration.k8s.io', 'storageversionmigrations', { spec: { resource: { group: 'apps', resource: 'deployments' } } }, { Resource: 'deployments.apps' }],
    ['discovery.k8s.io', 'endpointslices', {}, { Ports: '<unset>', Endpoints: '<unset>' }],
    ['rbac.authorization.k8s.io', 'rolebindings', { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }, { kind: 'ServiceAccount', namespace: 'n', name: 's' }] }, { Role: 'Role/r', Users: 'u', Groups: '', ServiceAccounts: 'n/s' }],
    ['policy', 'poddisruptionbudgets', { spec: { minAvailable: '50%' } }, { 'Min Available': '50%', 'Max Unavailable': 'N/A' }],
    ['storage.k8s.io', 'storageclasses', { metadata: { name: 'std', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } }, { Name: 'std (default)' }],
    ['certificates.k8s.io', 'certificatesigningrequests', { spec: { expirationSeconds: 3600 }, status: { certificate: 'x', conditions: [{ type: 'Approved' }] } }, { RequestedDuration: '60m', Condition: 'Approved,Issued' }],
    ['apiregistration.k8s.io', 'apiservices', { spec: { service: { namespace: 'n', name: 's' } }, status: { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] } }, { Service: 'n/s', Available: 'False (MissingEndpoints)' }],
    ['', 'limitranges', { metadata: { name: 'l', creationTimestamp: ago(0) } }, { Name: 'l', 'Created At': ago(0) }],
  ])('show %s/%s %j as %j', (group, resource, object, expected) => {
    expect(row(group, resource, object)).toMatchObject(expected);
  });

  it('show an unknown age as such', () => {
    expect(row('', 'secrets', { metadata: { name: 'a' } })).toMatchObject({ Age: '<unknown>' });
  });

  it('show a scale', () => {
    expect(scalePrinter.cells({ metadata: { name: 'a' }, spec: { replicas: 3 }, status: { replicas: 2 } } as KubeObject).slice(0, 3)).toEqual(['a', 3, 2]);
  });
});
