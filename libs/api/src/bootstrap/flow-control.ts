import type { flowcontrolv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const autoUpdate = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

const limited = (
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing?: flowcontrolv1.QueuingConfiguration,
): flowcontrolv1.PriorityLevelConfigurationSpec => ({
  type: 'Limited',
  limited: {
    nominalConcurrencyShares,
    lendablePercent,
    limitResponse: queuing === undefined ? { type: 'Reject' } : { type: 'Queue', queuing },
  },
});
const queues = (count: number, handSize: number): flowcontrolv1.QueuingConfiguration => ({ queues: count, handSize, queueLengthLimit: 50 });

const levels: Readonly<Record<string, flowcontrolv1.PriorityLevelConfigurationSpec>> = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': limited(5, 0),
  system: limited(30, 33, queues(64, 6)),
  'node-high': limited(40, 25, queues(64, 6)),
  'leader-election': limited(10, 0, queues(16, 4)),
  'workload-high': limited(40, 50, queues(128, 6)),
  'workload-low': limited(100, 90, queues(128, 6)),
  'global-default': limited(20, 50, queues(128, 6)),
};

/** Every request is in one of these levels. */
export function bootstrapPriorityLevels(): flowcontrolv1.PriorityLevelConfiguration[] {
  return Object.entries(levels).map(([name, spec]) => ({
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { ...autoUpdate } },
    spec: structuredClone(spec),
  }));
}

const group = (name: string): flowcontrolv1.Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): flowcontrolv1.Subject => ({ kind: 'User', user: { name } });
const account = (name: string): flowcontrolv1.Subject => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } });
const byUser: flowcontrolv1.FlowDistinguisherMethod = { type: 'ByUser' };
const leases: flowcontrolv1.ResourcePolicyRule = {
  verbs: ['get', 'create', 'update'],
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
};

/** Flow schemas that came, or changed, after the measured table. */
const newerSchemas: Readonly<Record<string, flowcontrolv1.FlowSchemaSpec>> = {
  probes: {
    priorityLevelConfiguration: { name: 'exempt' },
    matchingPrecedence: 2,
    rules: [
      {
        subjects: [group('system:unauthenticated'), group('system:authenticated')],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
      },
    ],
  },
  'system-leader-election': {
    priorityLevelConfiguration: { name: 'leader-election' },
    matchingPrecedence: 100,
    distinguisherMethod: byUser,
    rules: [{ subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), account('*')], resourceRules: [leases] }],
  },
  'endpoint-controller': {
    priorityLevelConfiguration: { name: 'workload-high' },
    matchingPrecedence: 150,
    distinguisherMethod: byUser,
    rules: [
      {
        subjects: [user('system:kube-controller-manager'), account('endpoint-controller'), account('endpointslicemirroring-controller')],
        resourceRules: [{ verbs: ['get', 'create', 'update'], apiGroups: [''], resources: ['endpoints'], namespaces: ['*'] }],
      },
    ],
  },
  'workload-leader-election': {
    priorityLevelConfiguration: { name: 'leader-election' },
    matchingPrecedence: 200,
    distinguisherMethod: byUser,
    rules: [{ subjects: [account('*')], resourceRules: [leases] }],
  },
  'system-node-high': {
    priorityLevelConfiguration: { name: 'node-high' },
    matchingPrecedence: 400,
    distinguisherMethod: byUser,
    rules: [
      {
        subjects: [group('system:nodes')],
        resourceRules: [
          { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
          { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
        ],
      },
    ],
  },
};

/** Sort requests into the levels, by order of `matchingPrecedence`. */
export function bootstrapFlowSchemas(): flowcontrolv1.FlowSchema[] {
  const specs = new Map(bootstrapTable().flowschemas.map(({ name, spec }) => [name, spec]));
  for (const [name, spec] of Object.entries(newerSchemas)) specs.set(name, spec);
  return [...specs]
    .sort(([, a], [, b]) => (a.matchingPrecedence ?? 0) - (b.matchingPrecedence ?? 0))
    .map(([name, spec]) => ({ apiVersion, kind: 'FlowSchema', metadata: { name, annotations: { ...autoUpdate } }, spec: structuredClone(spec) }));
}
