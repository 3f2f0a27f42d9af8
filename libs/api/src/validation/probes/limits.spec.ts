import { type Probe, statusOf } from './probe';

// What limits, ranks and shares out: quotas, levels of requests, budgets, classes, autoscalers.

const limits = (...items: object[]): Pick<Probe, 'kind' | 'object'> => ({ kind: '/LimitRange', object: { spec: { limits: items } } });
const inContainers = (parts: object): Pick<Probe, 'kind' | 'object'> => limits({ type: 'Container', ...parts });
const quota = (spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: '/ResourceQuota', object: { spec } });
const limited = (parts: object): Pick<Probe, 'kind' | 'object'> => ({
  kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' }, ...parts } } },
});
const queuing = (parts: object): Pick<Probe, 'kind' | 'object'> => limited({ limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 6, queueLengthLimit: 50, ...parts } } });
const user = { kind: 'User', user: { name: 'u' } };
const resourceRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };
const flow = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'flowcontrol.apiserver.k8s.io/FlowSchema', object: { spec: { matchingPrecedence: 10, priorityLevelConfiguration: { name: 'l' }, ...parts } } });
const flowRule = (parts: object): Pick<Probe, 'kind' | 'object'> => flow({ rules: [{ subjects: [user], resourceRules: [resourceRule], ...parts }] });
const runtime = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'node.k8s.io/RuntimeClass', object: { handler: 'h', ...parts } });
const budget = (spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'policy/PodDisruptionBudget', object: { spec } });
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const autoscaler = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'autoscaling/HorizontalPodAutoscaler', object: { spec: { maxReplicas: 2, scaleTargetRef: target, ...parts } } });
const metric = (parts: object): Pick<Probe, 'kind' | 'object'> => autoscaler({ metrics: [parts] });
const attributes = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'storage.k8s.io/VolumeAttributesClass', object: { driverName: 'd.example.com', parameters: { a: 'b' }, ...parts } });
const storageClass = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'storage.k8s.io/StorageClass', object: { provisioner: 'd.example.com', ...parts } });
const deviceClass = (spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'resource.k8s.io/DeviceClass', object: { spec } });
const priority = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'scheduling.k8s.io/PriorityClass', object: { value: 1, ...parts } });
const podTemplate = (spec: object): Pick<Probe, 'kind' | 'object'> => ({ kind: '/PodTemplate', object: { template: { spec } } });

const probes: readonly Probe[] = [
  { ...limits({ type: 'Pod' }, { type: 'Pod' }), field: 'spec.limits[1].type', reason: 'FieldValueDuplicate', message: 'Duplicate value: "Pod"' },
  { ...limits({ type: 'Pod', default: { cpu: '1' } }), field: 'spec.limits[0].default', reason: 'FieldValueForbidden', message: "Forbidden: may not be specified when `type` is 'Pod'" },
  { ...limits({ type: 'PersistentVolumeClaim' }), field: 'spec.limits[0].limits', reason: 'FieldValueRequired', message: 'Required value: either minimum or maximum storage value is required, but neither was provided' },
  { ...inContainers({ min: { cpu: '2' }, max: { cpu: '1' } }), field: 'spec.limits[0].min[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "2": min value 2 is greater than max value 1' },
  { ...inContainers({ defaultRequest: { cpu: '2' }, max: { cpu: '1' } }), field: 'spec.limits[0].defaultRequest[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "2": default request value 2 is greater than max value 1' },
  { ...inContainers({ defaultRequest: { cpu: '2' }, default: { cpu: '1' } }), field: 'spec.limits[0].defaultRequest[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "2": default request value 2 is greater than default limit value 1' },
  { ...inContainers({ min: { cpu: '2' }, default: { cpu: '1' } }), field: 'spec.limits[0].default[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "2": min value 2 is greater than default value 1' },
  { ...inContainers({ maxLimitRequestRatio: { cpu: '800m' } }), field: 'spec.limits[0].maxLimitRequestRatio[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "800m": ratio 800m is less than 1' },
  { ...inContainers({ min: { memory: '512Mi' }, max: { memory: '2Gi' }, maxLimitRequestRatio: { memory: '10' } }), field: 'spec.limits[0].maxLimitRequestRatio[memory]', reason: 'FieldValueInvalid', message: 'Invalid value: "10": ratio 10 is greater than max/min = 4.000000' },
  { ...limits({}), field: 'spec.limits[0].type', reason: 'FieldValueInvalid', message: 'Invalid value: "": name part must be non-empty' },
  { ...limits({ type: 'Odd' }), field: 'spec.limits[0].type', reason: 'FieldValueInvalid', message: 'Invalid value: "Odd": must be a standard limit type or fully qualified' },
  { ...quota({ hard: { storage: '1Gi' } }), field: 'spec.hard[storage]', reason: 'FieldValueInvalid', message: 'Invalid value: "storage": must be a standard resource for quota' },

  { ...quota({ hard: { pods: '-1' } }), field: 'spec.hard[pods]', reason: 'FieldValueInvalid', message: 'Invalid value: "-1": must be greater than or equal to 0' },
  { ...quota({ hard: { pods: '1.5' } }), field: 'spec.hard[pods]', reason: 'FieldValueInvalid', message: 'Invalid value: "1500m": must be an integer' },
  { ...quota({ hard: { odd: '1' } }), field: 'spec.hard[odd]', reason: 'FieldValueInvalid', message: 'Invalid value: "odd": must be a standard resource for quota' },
  { ...quota({ hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] }), field: 'spec.scopes', reason: 'FieldValueInvalid', message: 'Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes' },
  { ...quota({ hard: { 'limits.cpu': '1' }, scopes: ['BestEffort'] }), field: 'spec.scopes', reason: 'FieldValueInvalid', message: 'Invalid value: ["BestEffort"]: unsupported scope applied to resource' },
  { ...quota({ hard: { pods: '1' }, scopes: ['BestEffort'] }), old: { spec: { hard: { pods: '1' } } }, field: 'spec.scopes', reason: 'FieldValueInvalid', message: 'Invalid value: ["BestEffort"]: field is immutable' },

  { kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { spec: { type: 'Exempt' } }, field: 'spec.type', reason: 'FieldValueInvalid', message: "Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'" },
  { kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { spec: { type: 'Limited' } }, field: 'spec.limited', reason: 'FieldValueRequired', message: 'Required value: must not be empty when type is Limited' },
  { ...limited({ nominalConcurrencyShares: -1 }), field: 'spec.limited.nominalConcurrencyShares', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be a non-negative integer' },
  { ...limited({ lendablePercent: 101 }), field: 'spec.limited.lendablePercent', reason: 'FieldValueInvalid', message: 'Invalid value: 101: must be between 0 and 100, inclusive' },
  { ...limited({ borrowingLimitPercent: -1 }), field: 'spec.limited.borrowingLimitPercent', reason: 'FieldValueInvalid', message: 'Invalid value: -1: if specified, must be a non-negative integer' },
  { ...limited({ limitResponse: { type: 'Queue' } }), field: 'spec.limited.limitResponse.queuing', reason: 'FieldValueRequired', message: 'Required value: must not be empty if limited.limitResponse.type is Limited' },
  { ...limited({ limitResponse: { type: 'Reject', queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 } } }), field: 'spec.limited.limitResponse.queuing', reason: 'FieldValueForbidden', message: 'Forbidden: must be nil if limited.limitResponse.type is not Limited' },
  { ...queuing({ handSize: 65 }), field: 'spec.limited.limitResponse.queuing.handSize', reason: 'FieldValueInvalid', message: 'Invalid value: 65: should not be greater than queues (64)' },
  { ...queuing({ queues: 512, handSize: 8 }), field: 'spec.limited.limitResponse.queuing.handSize', reason: 'FieldValueInvalid', message: 'Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60' },
  { ...queuing({ queueLengthLimit: -1 }), field: 'spec.limited.limitResponse.queuing.queueLengthLimit', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be positive' },

  { kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { metadata: { name: 'catch-all' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 6, limitResponse: { type: 'Reject' } } } }, field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: {"type":"Limited","limited":{"nominalConcurrencyShares":6,"limitResponse":{"type":"Reject"},"lendablePercent":0}}: spec of \'catch-all\' must equal the fixed value' },
  { kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { metadata: { name: 'exempt' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } }, field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: {"type":"Limited","limited":{"limitResponse":{"type":"Reject"},"nominalConcurrencyShares":30,"lendablePercent":0}}: spec of \'exempt\' except the \'spec.exempt\' field must equal the fixed value' },
  { kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { metadata: { name: 'exempt' }, spec: { type: 'Exempt', exempt: { lendablePercent: 101 } } }, field: 'spec.exempt.lendablePercent', reason: 'FieldValueInvalid', message: 'Invalid value: 101: must be between 0 and 100, inclusive' },
  { kind: 'flowcontrol.apiserver.k8s.io/FlowSchema', object: { metadata: { name: 'exempt' }, spec: { matchingPrecedence: 1, priorityLevelConfiguration: { name: 'system' } } }, field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: {"matchingPrecedence":1,"priorityLevelConfiguration":{"name":"system"}}: spec of \'exempt\' must equal the fixed value' },
  { kind: 'flowcontrol.apiserver.k8s.io/FlowSchema', view: 'status', old: { spec: { priorityLevelConfiguration: { name: 'l' } } }, object: { status: { conditions: [{ type: 'Dangling', status: 'True' }, { type: 'Dangling', status: 'True' }] } }, field: 'status.conditions[1].type', reason: 'FieldValueDuplicate', message: 'Duplicate value: "Dangling"' },
  ...[['', 'must not be empty'], ['a', 'must start with slash'], ['/a b', 'must not contain white-space'], ['/a//b', 'must not contain double slash'], ['/a*', 'wildcard can only do suffix matching']].map(([url = '', fault = '']): Probe => ({
    ...flowRule({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: [url] }] }), field: 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]', reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(url)}: ${fault}`,
  })),
  { ...flowRule({ nonResourceRules: [{ verbs: ['say'], nonResourceURLs: ['/'] }] }), field: 'spec.rules[0].nonResourceRules[0].verbs', reason: 'FieldValueNotSupported', message: 'Unsupported value: ["say"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"' },
  { ...flow({ matchingPrecedence: 10001 }), field: 'spec.matchingPrecedence', reason: 'FieldValueInvalid', message: 'Invalid value: 10001: must not be greater than 10000' },
  { ...flow({ matchingPrecedence: 1 }), field: 'spec.matchingPrecedence', reason: 'FieldValueInvalid', message: "Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1" },
  { ...flow({ priorityLevelConfiguration: { name: '' } }), field: 'spec.priorityLevelConfiguration.name', reason: 'FieldValueRequired', message: 'Required value: must reference a priority level' },
  { ...flowRule({ subjects: [] }), field: 'spec.rules[0].subjects', reason: 'FieldValueRequired', message: 'Required value: subjects must contain at least one value' },
  { ...flowRule({ subjects: [{ kind: 'Group' }] }), field: 'spec.rules[0].subjects[0].group', reason: 'FieldValueRequired', message: "Required value: group is required when subject kind is 'Group'" },
  { ...flowRule({ resourceRules: [] }), field: 'spec.rules[0]', reason: 'FieldValueRequired', message: 'Required value: at least one of resourceRules and nonResourceRules has to be non-empty' },
  { ...flowRule({ resourceRules: [{ ...resourceRule, namespaces: [] }] }), field: 'spec.rules[0].resourceRules[0].namespaces', reason: 'FieldValueRequired', message: 'Required value: resource rules that are not cluster scoped must supply at least one namespace' },
  { ...flowRule({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['healthz'] }] }), field: 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "healthz": must start with slash' },

  { ...runtime({ handler: 'H' }), field: 'handler', reason: 'FieldValueInvalid', message: "Invalid value: \"H\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')" },
  { ...runtime({ handler: 'i' }), old: { handler: 'h' }, field: 'handler', reason: 'FieldValueInvalid', message: 'Invalid value: "i": field is immutable' },
  { ...runtime({ overhead: { podFixed: { cpu: '-1' } } }), field: 'overhead.limits[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "-1": must be greater than or equal to 0' },

  { ...budget({ minAvailable: 1, maxUnavailable: 1 }), field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set' },
  { ...budget({ minAvailable: '101%' }), field: 'spec.minAvailable', reason: 'FieldValueInvalid', message: 'Invalid value: "101%": must not be greater than 100%' },
  { ...budget({ maxUnavailable: -1 }), field: 'spec.maxUnavailable', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { ...budget({ unhealthyPodEvictionPolicy: 'Odd' }), field: 'spec.unhealthyPodEvictionPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "AlwaysAllow", "IfHealthyBudget"' },

  { ...autoscaler({ maxReplicas: 0 }), field: 'spec.maxReplicas', reason: 'FieldValueRequired', message: 'Required value: must be set and greater than 0' },
  { ...autoscaler({ minReplicas: 3 }), field: 'spec.maxReplicas', reason: 'FieldValueInvalid', message: 'Invalid value: 2: must be greater than or equal to `minReplicas`' },
  { ...autoscaler({ minReplicas: 0 }), field: 'spec.minReplicas', reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be greater than or equal to 1' },
  { ...autoscaler({ scaleTargetRef: { name: 'd' } }), field: 'spec.scaleTargetRef.kind', reason: 'FieldValueRequired', message: 'Required value' },
  { ...metric({ type: 'Resource' }), field: 'spec.metrics[0].resource', reason: 'FieldValueRequired', message: 'Required value: must populate information for the given metric source' },
  { ...metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }), field: 'spec.metrics[0].resource.target.averageUtilization', reason: 'FieldValueRequired', message: 'Required value: must set either a target raw value or a target utilization' },
  { ...metric({ type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue' } } }), field: 'spec.metrics[0].pods.target.averageValue', reason: 'FieldValueRequired', message: 'Required value: must specify a positive target averageValue' },

  { ...attributes({ driverName: '' }), field: 'driverName', reason: 'FieldValueRequired', message: 'Required value' },
  { ...attributes({ parameters: {} }), field: 'parameters', reason: 'FieldValueRequired', message: 'Required value: must contain at least one key/value pair' },
  { ...attributes({ parameters: { a: 'c' } }), old: attributes({}).object, field: 'parameters', reason: 'FieldValueForbidden', message: 'Forbidden: updates to parameters are forbidden.' },
  { ...attributes({ driverName: 'e.example.com' }), old: attributes({}).object, field: 'driverName', reason: 'FieldValueForbidden', message: 'Forbidden: updates to driverName are forbidden.' },
  { ...storageClass({ provisioner: '' }), field: 'provisioner', reason: 'FieldValueRequired', message: 'Required value' },
  { ...storageClass({ parameters: { '': 'x' } }), field: 'parameters', reason: 'FieldValueInvalid', message: 'Invalid value: "": field can not be empty.' },
  { ...storageClass({ reclaimPolicy: 'Recycle' }), field: 'reclaimPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Recycle": supported values: "Delete", "Retain"' },
  { ...storageClass({ parameters: { a: 'b' } }), old: storageClass({}).object, field: 'parameters', reason: 'FieldValueInvalid', message: 'Invalid value: {"a":"b"}: field is immutable' },
  { kind: 'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', object: { metadata: { annotations: { 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares': '' } }, spec: {} }, field: 'metadata.annotations', reason: 'FieldValueForbidden', message: "Forbidden: annotation 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares' is forbidden" },
  { ...runtime({ handler: '' }), field: 'handler', reason: 'FieldValueRequired', message: 'Required value' },
  { ...runtime({ handler: 'h'.repeat(64) }), field: 'handler', reason: 'FieldValueInvalid', message: `Invalid value: "${'h'.repeat(64)}": must be no more than 63 characters` },
  { ...runtime({ scheduling: { tolerations: [{ operator: 'Exists' }, { operator: 'Exists' }] } }), field: 'scheduling.tolerations[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: {"operator":"Exists"}' },
  { kind: 'rbac.authorization.k8s.io/ClusterRole', object: { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] } }, field: 'aggregationRule.clusterRoleSelectors[0]', reason: 'FieldValueInvalid', message: 'Invalid value: null: invalid label selector.' },
  { ...storageClass({ volumeBindingMode: 'WaitForFirstConsumer' }), old: storageClass({}).object, field: 'volumeBindingMode', reason: 'FieldValueInvalid', message: 'Invalid value: "WaitForFirstConsumer": field is immutable' },

  { ...deviceClass({ extendedResourceName: 'cpu' }), field: 'spec.extendedResourceName', reason: 'FieldValueInvalid', message: 'Invalid value: "cpu": must be a valid extended resource name' },
  { ...deviceClass({ selectors: [{}] }), field: 'spec.selectors[0].cel', reason: 'FieldValueRequired', message: 'Required value' },
  { ...deviceClass({ config: [{ opaque: { driver: 'd' } }] }), field: 'spec.config[0].opaque.parameters', reason: 'FieldValueRequired', message: 'Required value' },
  { ...priority({ value: 2_000_000_000 }), field: 'value', reason: 'FieldValueForbidden', message: 'Forbidden: maximum allowed value of a user defined priority is 1000000000' },
  { ...priority({ value: 2 }), old: { value: 1 }, field: 'value', reason: 'FieldValueForbidden', message: 'Forbidden: may not be changed in an update.' },
  { ...priority({ preemptionPolicy: 'Never' }), old: { value: 1 }, field: 'preemptionPolicy', reason: 'FieldValueInvalid', message: 'Invalid value: "Never": field is immutable' },
  { ...podTemplate({ containers: [] }), field: 'template.spec.containers', reason: 'FieldValueRequired', message: 'Required value' },
  { ...podTemplate({ containers: [{ name: 'c', image: 'x' }], restartPolicy: 'Odd' }), field: 'template.spec.restartPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "Always", "OnFailure", "Never"' },
];

describe('an object that limits others and is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const status = statusOf(rest);
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(status?.causes).toContainEqual({ field, reason, message });
  });

  it.each<Pick<Probe, 'kind' | 'object' | 'old'>>([
    inContainers({ min: { cpu: '1' }, defaultRequest: { cpu: '2' }, default: { cpu: '3' }, max: { cpu: '4' }, maxLimitRequestRatio: { cpu: '2' } }),
    inContainers({ max: { cpu: '-1' } }),
    queuing({ queues: 512, handSize: 6 }), flowRule({ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/metrics/*'] }] }),
    budget({ minAvailable: '100%' }), attributes({}), deviceClass({ extendedResourceName: 'example.com/gpu' }), priority({ value: 1_000_000_000 }),
    podTemplate({ containers: [{ name: 'c', image: 'x' }] }),
    metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }),
  ])('is not $kind $object', (probe) => {
    expect(statusOf(probe)).toBeUndefined();
  });
});
