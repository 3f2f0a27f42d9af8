import { type Probe, statusOf } from './probe';

const container = { name: 'c', image: 'nginx' };
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: 'a' } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const mounting = { ...template, spec: { containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/d' }] }] } };
const set = (parts: object): object => ({ spec: { selector, template, ...parts } });
const jobTemplate = { spec: { containers: [container], restartPolicy: 'Never' } };
const job = (parts: object): object => ({ spec: { template: jobTemplate, ...parts } });
const indexed = (parts: object): object => job({ completionMode: 'Indexed', completions: 4, ...parts });
const failing = (...rules: object[]): object => job({ podFailurePolicy: { rules } });
const succeeding = (...rules: object[]): object => indexed({ successPolicy: { rules } });
const cron = (parts: object): object => ({ spec: { schedule: '@daily', jobTemplate: { spec: { template: jobTemplate } }, ...parts } });
const ended = (...types: string[]): object => ({ conditions: types.map((type) => ({ type, status: 'True' })) });
const start = '2026-01-02T03:00:00Z';
const status = (now: object, before: object = {}, parts: object = {}): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: 'batch/Job', view: 'status', object: { status: now }, old: { ...job(parts), status: before } });
/** A suspended job whose first container and the one before it ask for so much. */
const resting = (cpu: string, was: object = {}): object => {
  const asking = { ...container, resources: { requests: { cpu } } };
  return { ...job({ suspend: true, manualSelector: true, selector: {}, template: { spec: { ...jobTemplate.spec, containers: [asking], initContainers: [{ ...asking, name: 'i' }] } } }), status: was };
};
const onJob = (field: string, reason: Probe['reason'], message: string, of: Pick<Probe, 'kind' | 'object' | 'old' | 'view'>): Probe => ({ ...of, field, reason, message });

// Without a selector nothing matches; what says so by itself differs by kind.
const ofPods = { template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } };
const unlike = 'Invalid value: {"app":"a"}: `selector` does not match template `labels`';
const wrongSelector = { matchLabels: { app: '-x' } };
const selectors: readonly Probe[] = [
  ...['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet'].map((kind): Probe => ({ kind: `apps/${kind}`, object: { spec: ofPods }, field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message: unlike })),
  ...['Deployment', 'ReplicaSet', 'StatefulSet'].map((kind): Probe => ({ kind: `apps/${kind}`, object: { spec: ofPods }, field: 'spec.selector', reason: 'FieldValueRequired', message: 'Required value' })),
  ...['Deployment', 'ReplicaSet'].map((kind): Probe => ({ kind: `apps/${kind}`, object: { spec: { ...ofPods, selector: wrongSelector } }, field: 'spec.selector', reason: 'FieldValueInvalid', message: 'Invalid value: {"matchLabels":{"app":"-x"}}: invalid label selector' })),
  { kind: 'apps/StatefulSet', object: { spec: { ...ofPods, selector: wrongSelector } }, field: 'spec.selector', reason: 'FieldValueInvalid', message: 'Invalid value: {"matchLabels":{"app":"-x"}}' },
  { kind: 'apps/StatefulSet', object: { spec: { ...ofPods, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } } }, field: 'spec.persistentVolumeClaimRetentionPolicy.whenScaled', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Keep": supported values: "Retain", "Delete"' },
];

const probes: readonly Probe[] = [
  ...selectors,
  { kind: 'apps/Deployment', view: 'status', old: { spec: { ...ofPods, selector: { matchLabels: { app: 'a' } } } }, object: { status: { unavailableReplicas: -1 } }, field: 'status.unavailableReplicas', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { kind: 'apps/DaemonSet', object: { spec: { ...ofPods, selector: { matchLabels: { app: 'a' } }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: -1, maxSurge: 1 } } } }, field: 'spec.updateStrategy.rollingUpdate.maxSurge', reason: 'FieldValueInvalid', message: 'Invalid value: 1: may not be set when maxUnavailable is non-zero' },
  { kind: 'apps/ControllerRevision', object: { revision: 1 }, field: 'data', reason: 'FieldValueRequired', message: 'Required value: data is mandatory' },
  ...[true, 0.5, [], 'test'].map((data): Probe => ({ kind: 'apps/ControllerRevision', object: { revision: 1, data }, field: 'data', reason: 'FieldValueRequired', message: 'Required value: data must be a valid JSON object' })),
  { kind: 'policy/PodDisruptionBudget', view: 'status', old: {}, object: { status: { conditions: [{ type: 'DisruptionAllowed', status: 'Odd', reason: 'r', lastTransitionTime: start }] } }, field: 'status.conditions[0].status', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "False", "True", "Unknown"' },
  { kind: 'apps/StatefulSet', object: { metadata: { name: 'a.b' }, ...set({}) }, field: 'metadata.name', reason: 'FieldValueInvalid', message: 'Invalid value: "a.b": must not contain dots' },
  { kind: 'apps/StatefulSet', object: set({ serviceName: 'A_b' }), field: 'spec.serviceName', reason: 'FieldValueInvalid', message: `Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')` },
  { kind: 'apps/StatefulSet', object: set({ volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { ...claim, accessModes: undefined } }] }), field: 'spec.volumeClaimTemplates[0].spec.accessModes', reason: 'FieldValueRequired', message: 'Required value: at least 1 access mode is required' },
  { kind: 'apps/StatefulSet', object: set({ volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { ...claim, resources: {} } }] }), field: 'spec.volumeClaimTemplates[0].spec.resources[storage]', reason: 'FieldValueRequired', message: 'Required value' },
  { kind: 'apps/StatefulSet', object: set({ template: mounting }), field: 'spec.template.spec.containers[0].volumeMounts[0].name', reason: 'FieldValueNotFound', message: 'Not found: "data"' },
  { kind: 'apps/StatefulSet', object: set({ template: { ...template, spec: { containers: [] } } }), field: 'spec.template.spec.containers', reason: 'FieldValueRequired', message: 'Required value' },
  { kind: 'apps/Deployment', object: set({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '20Percent' } } }), field: 'spec.strategy.rollingUpdate.maxUnavailable', reason: 'FieldValueInvalid', message: 'Invalid value: 0: may not be 0 when `maxSurge` is 0' },
  { kind: 'apps/StatefulSet', object: set({ ordinals: { start: -1 } }), field: 'spec.ordinals.start', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { kind: 'apps/StatefulSet', object: { status: { replicas: 1, readyReplicas: 1, availableReplicas: 2 } }, old: set({}), view: 'status', field: 'status.availableReplicas', reason: 'FieldValueInvalid', message: 'Invalid value: 2: cannot be greater than status.readyReplicas' },
  { kind: 'apps/StatefulSet', object: { status: { replicas: 0, collisionCount: 1 } }, old: { ...set({}), status: { replicas: 0, collisionCount: 2 } }, view: 'status', field: 'status.collisionCount', reason: 'FieldValueInvalid', message: 'Invalid value: 1: cannot be decremented' },
  { kind: 'apps/Deployment', object: { status: {} }, old: { ...set({}), status: { collisionCount: 2 } }, view: 'status', field: 'status.collisionCount', reason: 'FieldValueInvalid', message: 'Invalid value: 0: cannot be decremented' },
  { kind: 'apps/Deployment', object: set({ strategy: { type: 'Fast' } }), field: 'spec.strategy', reason: 'FieldValueNotSupported', message: 'Unsupported value: {"type":"Fast"}: supported values: "Recreate", "RollingUpdate"' },
  { kind: 'batch/Job', object: { metadata: { name: 'a'.repeat(62) }, ...indexed({}) }, field: 'metadata.name', reason: 'FieldValueInvalid', message: `Invalid value: "${'a'.repeat(62)}": will not able to create pod with invalid DNS label: ${'a'.repeat(62)}-3` },
  { kind: 'batch/Job', object: job({ template: { ...jobTemplate, metadata: { labels: { 'job-name': 'other' } } } }), field: 'spec.template.metadata.labels[job-name]', reason: 'FieldValueInvalid', message: 'Invalid value: {"job-name":"other","batch.kubernetes.io/controller-uid":"u","controller-uid":"u","batch.kubernetes.io/job-name":"a"}: must be \'a\'' },
  { kind: 'batch/Job', object: job({ maxFailedIndexes: 1, backoffLimitPerIndex: 1 }), field: 'spec.maxFailedIndexes', reason: 'FieldValueInvalid', message: 'Invalid value: 1: requires indexed completion mode' },
  { kind: 'batch/Job', object: indexed({ completions: 100_001, parallelism: 1, backoffLimitPerIndex: 1 }), field: 'spec.maxFailedIndexes', reason: 'FieldValueRequired', message: 'Required value: must be specified when completions is above 100000' },
  { kind: 'batch/Job', object: job({ managedBy: 'me' }), field: 'spec.managedBy', reason: 'FieldValueInvalid', message: 'Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")' },
  { kind: 'batch/Job', object: failing({ action: 'FailJob', onExitCodes: { operator: 'In', values: [2, 1] } }), field: 'spec.podFailurePolicy.rules[0].onExitCodes.values', reason: 'FieldValueInvalid', message: 'Invalid value: [2,1]: must be ordered' },
  { kind: 'batch/Job', object: failing({ onExitCodes: { operator: 'In', values: [1] } }), field: 'spec.podFailurePolicy.rules[0].action', reason: 'FieldValueRequired', message: 'Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]' },
  { kind: 'batch/Job', object: job({ managedBy: 'me/' }), field: 'spec.managedBy', reason: 'FieldValueInvalid', message: 'Invalid value: "me/": must be a domain-prefixed path (such as "acme.io/foo")' },
  { kind: 'batch/Job', object: job({ managedBy: 'me/a b' }), field: 'spec.managedBy', reason: 'FieldValueInvalid', message: "Invalid value: \"a b\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')" },
  { kind: 'batch/Job', object: job({ completionMode: '' }), field: 'spec.completionMode', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "NonIndexed", "Indexed"' },
  { kind: '/ReplicationController', object: { spec: { selector: { '-': 'a' }, template } }, field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message: 'Invalid value: {"app":"a"}: `selector` does not match template `labels`' },
  { kind: '/ReplicationController', object: { spec: { selector: { app: 'a' }, template: { spec: template.spec } } }, field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message: 'Invalid value: null: `selector` does not match template `labels`' },
  { kind: 'batch/Job', object: job({ podReplacementPolicy: '' }), field: 'spec.podReplacementPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Failed", "TerminatingOrFailed"' },
  { kind: 'batch/Job', object: job({ manualSelector: true }), field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message: 'Invalid value: null: `selector` does not match template `labels`' },
  { kind: 'batch/Job', object: job({ selector: { matchLabels: { 'job-name': 'b' } } }), old: job({}), field: 'spec.selector', reason: 'FieldValueInvalid', message: expect.stringMatching(/: `selector` not auto-generated$/) as string },
  { kind: 'batch/Job', object: { metadata: { name: 'a'.repeat(60) }, ...indexed({ completions: 1001, parallelism: 1001 }) }, old: { metadata: { name: 'a'.repeat(60) }, ...indexed({}) }, field: 'metadata.name', reason: 'FieldValueInvalid', message: expect.stringMatching(/: will not able to create pod with invalid DNS label: a{60}-1000$/) as string },
  { kind: 'batch/Job', object: failing({ action: 'Ignore' }), field: 'spec.podFailurePolicy.rules[0]', reason: 'FieldValueInvalid', message: 'Invalid value: specifying one of OnExitCodes and OnPodConditions is required' },
  { kind: 'batch/Job', object: job({ successPolicy: { rules: [{ succeededCount: 1 }] } }), field: 'spec.successPolicy', reason: 'FieldValueInvalid', message: 'Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode' },
  { kind: 'batch/Job', object: succeeding({ succeededIndexes: '1,0' }), field: 'spec.successPolicy.rules[0].succeededIndexes', reason: 'FieldValueInvalid', message: 'Invalid value: "1,0": error parsing succeededIndexes: non-increasing order, previous: 1, current: 0' },
  { kind: 'batch/Job', object: succeeding({ succeededIndexes: '1-9' }), field: 'spec.successPolicy.rules[0].succeededIndexes', reason: 'FieldValueInvalid', message: 'Invalid value: "1-9": error parsing succeededIndexes: too large index: "9"' },
  { kind: 'batch/Job', object: succeeding({ succeededIndexes: '9223372036854775808' }), field: 'spec.successPolicy.rules[0].succeededIndexes', reason: 'FieldValueInvalid', message: 'Invalid value: "9223372036854775808": error parsing succeededIndexes: cannot convert string to integer for index: "9223372036854775808"' },
  { kind: 'batch/Job', object: succeeding({ succeededIndexes: '0-1', succeededCount: 3 }), field: 'spec.successPolicy.rules[0].succeededCount', reason: 'FieldValueInvalid', message: 'Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)' },
  { kind: 'batch/Job', object: indexed({ completions: 5, parallelism: 2 }), old: indexed({ parallelism: 4 }), field: 'spec.completions', reason: 'FieldValueInvalid', message: 'Invalid value: 5: can only be modified in tandem with spec.parallelism' },
  onJob('status.conditions', 'FieldValueInvalid', 'Invalid value: cannot set Failed=True condition without the FailureTarget=true condition', status({ startTime: start, ...ended('Failed') })),
  onJob('status.conditions', 'FieldValueInvalid', 'Invalid value: cannot set Complete=True and Failed=true conditions', status({ startTime: start, ...ended('Failed', 'FailureTarget', 'Complete') })),
  onJob('status.conditions', 'FieldValueInvalid', 'Invalid value: cannot disable the terminal Failed=True condition', status({ startTime: start }, { startTime: start, ...ended('Failed', 'FailureTarget') })),
  onJob('status.active', 'FieldValueInvalid', 'Invalid value: 1: active>0 is invalid for finished job', status({ startTime: start, active: 1, ...ended('Failed', 'FailureTarget') })),
  onJob('status.ready', 'FieldValueInvalid', 'Invalid value: 2: cannot set more ready pods than active', status({ active: 1, ready: 2 })),
  onJob('status.failed', 'FieldValueInvalid', 'Invalid value: 1: cannot decrease the failed counter', status({ failed: 1 }, { failed: 2 })),
  onJob('status.completionTime', 'FieldValueInvalid', 'Invalid value: "2026-01-02T02:00:00Z": completionTime cannot be set before startTime', status({ startTime: start, completionTime: '2026-01-02T02:00:00Z', ...ended('Complete', 'SuccessCriteriaMet') })),
  onJob('status.completionTime', 'FieldValueInvalid', 'Invalid value: "2026-01-02T03:04:06Z": field is immutable', status({ startTime: start, completionTime: '2026-01-02T03:04:06Z', ...ended('SuccessCriteriaMet', 'Complete') }, { startTime: start, completionTime: '2026-01-02T03:04:05Z', ...ended('SuccessCriteriaMet', 'Complete') })),
  onJob('status.startTime', 'FieldValueInvalid', 'Invalid value: null: field is immutable for unsuspended job once set', status({}, { startTime: start })),
  onJob('status.startTime', 'FieldValueInvalid', 'Invalid value: "2026-01-02T03:00:01Z": field is immutable for unsuspended job once set', status({ startTime: '2026-01-02T03:00:01Z' }, { startTime: start })),
  onJob('status.completedIndexes', 'FieldValueInvalid', 'Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode', status({ completedIndexes: '0' })),
  onJob('status.failedIndexes', 'FieldValueInvalid', 'Invalid value: "1-2": failedIndexes and completedIndexes overlap at index: 2', status({ completedIndexes: '0,2', failedIndexes: '1-2' }, {}, { completionMode: 'Indexed', completions: 4, backoffLimitPerIndex: 1 })),
  onJob('status.uncountedTerminatedPods.failed[0]', 'FieldValueDuplicate', 'Duplicate value: "x"', status({ uncountedTerminatedPods: { succeeded: ['x'], failed: ['x'] } })),
  { kind: 'batch/CronJob', object: cron({ jobTemplate: { spec: { template: jobTemplate, selector } } }), field: 'spec.jobTemplate.spec.selector', reason: 'FieldValueInvalid', message: 'Invalid value: {"matchLabels":{"app":"a"}}: `selector` will be auto-generated' },
  ...['local', 'utc', '+01', 'europe/paris', 'Europe/', '-x'].map((timeZone): Probe => ({ kind: 'batch/CronJob', object: cron({ timeZone }), field: 'spec.timeZone', reason: 'FieldValueInvalid', message: `Invalid value: "${timeZone}": unknown time zone ${timeZone}` })),
  { kind: 'batch/CronJob', object: cron({ timeZone: 'local' }), field: 'spec.timeZone', reason: 'FieldValueInvalid', message: 'Invalid value: "local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones' },
  { kind: 'batch/CronJob', object: cron({ timeZone: 'a..b' }), field: 'spec.timeZone', reason: 'FieldValueInvalid', message: 'Invalid value: "a..b": time: invalid location name' },
  { kind: 'batch/CronJob', object: cron({ schedule: 'TZ=UTC 0 0 * * *' }), field: 'spec.schedule', reason: 'FieldValueInvalid', message: 'Invalid value: "TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead' },
];

describe('a workload that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const refused = statusOf(rest);
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  const withClaim = { ...set({ template: mounting, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }] }) };
  it.each<[kind: string, object: object, old: object | undefined, view: string | undefined, reason: string]>([
    ['apps/StatefulSet', withClaim, undefined, undefined, 'a claim is a volume'],
    ['apps/StatefulSet', set({ template: { ...mounting, spec: { ...mounting.spec, volumes: [{ name: 'data', emptyDir: {} }] } }, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }] }), undefined, undefined, 'a claim comes before a volume of its name'],
    ['apps/StatefulSet', { spec: { ...(set({ template: mounting }) as { spec: object }).spec, replicas: 3 } }, set({ template: mounting }), undefined, 'what was taken before these rules stays'],
    ['apps/StatefulSet', set({ revisionHistoryLimit: -1 }), undefined, undefined, 'all revisions may be kept'],
    ['apps/StatefulSet', set({ template: { ...template, spec: { ...template.spec, hostname: 'A_b', subdomain: 'a.b' } } }), undefined, undefined, 'pods of a set get other host names anyway'],
    ['apps/ControllerRevision', { data: 0, revision: 2 }, { data: 0, revision: 1 }, undefined, 'what was taken before the rule stays'],
    ['batch/CronJob', cron({ timeZone: 'US/Pacific' }), undefined, undefined, 'an older name of a time zone'],
    ['batch/CronJob', cron({ timeZone: 'Etc/GMT+1' }), undefined, undefined, 'a time zone with a number'],
    ['batch/Job', { status: { startTime: start, completionTime: '2026-01-02T03:04:05Z', succeeded: 1, ...ended('SuccessCriteriaMet', 'Complete') } }, job({}), 'status', 'the end of a job'],
    ['batch/Job', { status: { startTime: '2026-01-02T03:04:05Z', conditions: [{ type: 'Suspended', status: 'False' }] } }, { ...job({}), status: { startTime: start, ...ended('Suspended') } }, 'status', 'a job that goes on starts anew'],
    ['batch/Job', indexed({ completions: 5, parallelism: 5, manualSelector: true, selector: {} }), indexed({ parallelism: 4, manualSelector: true, selector: {} }), undefined, 'an indexed job that grows'],
    ['batch/Job', resting('2'), resting('1'), undefined, 'what a suspended job asks for, also before its containers start'],
    ['batch/Job', resting('2'), resting('1', { startTime: start, ...ended('Suspended') }), undefined, 'what a job asks for whose pods have all gone'],
  ])('is not %s %j from %j through %s: %s', (kind, object, old, view) => {
    expect(statusOf({ kind, object, ...(old ? { old } : {}), ...(view ? { view } : {}) })).toBeUndefined();
  });

  it('is a suspended job whose pods get another image: the spec of the pods is what is told of', () => {
    const other = resting('2') as { spec: { template: { spec: { containers: object[] } } } };
    other.spec.template.spec.containers[0] = { ...other.spec.template.spec.containers[0], image: 'other' };
    expect(statusOf({ kind: 'batch/Job', object: other, old: resting('1') })?.causes).toEqual([{ field: 'spec.template.spec', reason: 'FieldValueInvalid', message: expect.stringMatching(/: field is immutable$/) as string }]);
  });

  it.each(['Deployment', 'ReplicaSet', 'StatefulSet'])('is told of the selector of a %s that cannot be read, and not of the template', (kind) => {
    const causes = statusOf({ kind: `apps/${kind}`, object: { spec: { selector: wrongSelector, template: { spec: {} } } } })?.causes;
    expect(causes?.map(({ field }) => field)).not.toContain('spec.template.spec.containers');
  });

  it('is an update of a StatefulSet with a template that was wrong before, where it gets wrong in another way', () => {
    const once = set({ template: mounting });
    const now = { spec: { ...(once as { spec: object }).spec, template: { ...mounting, metadata: { labels: { app: 'a', '-': 'x' } } } } };
    expect(statusOf({ kind: 'apps/StatefulSet', object: now, old: once })?.causes.map(({ field }) => field)).toEqual(['spec.template.labels']);
  });

  it.each([{ active: 1, ...ended('Suspended') }, { startTime: start }])('is a suspended job of status %j that is given another template: pods of it may run', (was) => {
    const refused = statusOf({ kind: 'batch/Job', object: resting('2'), old: resting('1', was) });
    expect(refused?.causes).toContainEqual({ field: 'spec.template', reason: 'FieldValueInvalid', message: expect.stringMatching(/: field is immutable$/) as string });
  });
});
