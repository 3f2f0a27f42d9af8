import { statusOf } from './probes/probe';

const bad = { matchExpressions: [{ key: 'a', operator: 'In', values: ['no label'] }] };
const worse = { matchExpressions: [{ key: 'no key', operator: 'In', values: ['a'] }] };
const container = { name: 'c', image: 'i' };
const template = (more: object = {}, labels = { a: 'b' }): object => ({ metadata: { labels }, spec: { containers: [container], ...more } });
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const volume = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } };
const topologyKey = 'zone';
const affinity = (labelSelector: object): object => ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector }] } } });
const nodes = (selector: object): object => ({ requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [selector] } });
const spread = (labelSelector: object): object => ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector }] });
const deployment = (more: object): object => ({ spec: { selector: { matchLabels: { a: 'b' } }, template: template(more) } });

/** Objects of each kind by their selector. */
const kinds: Record<string, (selector: object) => object> = {
  'policy/PodDisruptionBudget': (selector) => ({ spec: { selector } }),
  'networking.k8s.io/NetworkPolicy': (podSelector) => ({ spec: { podSelector, ingress: [{ from: [{ namespaceSelector: podSelector }] }] } }),
  'apps/DaemonSet': (selector) => ({ spec: { selector, template: template() } }),
  'batch/Job': (selector) => ({ spec: { manualSelector: true, selector, template: template({ restartPolicy: 'Never' }) } }),
  'storage.k8s.io/CSIStorageCapacity': (nodeTopology) => ({ storageClassName: 's', nodeTopology }),
  '/PersistentVolumeClaim': (selector) => ({ spec: { ...claim, selector } }),
  '/PersistentVolume': (required) => ({ spec: { ...volume, nodeAffinity: { required: { nodeSelectorTerms: [required] } } } }),
  'apps/Deployment': (selector) => deployment(affinity(selector)),
  'apps/ReplicaSet': (selector) => deployment({ affinity: { nodeAffinity: nodes(selector) } }),
  'apps/StatefulSet': (selector) => deployment(spread(selector)),
};

describe.each(Object.entries(kinds))('%s with a selector of before its rule', (kind, having) => {
  it('can be changed, and a new one is refused', () => {
    const before = having(bad);
    const causes = statusOf({ kind, object: before })?.causes ?? [];
    expect(causes.map(({ field }) => field)).toContainEqual(expect.stringMatching(/values\[0\]$/));
    expect(statusOf({ kind, old: before, object: { metadata: { labels: { a: 'b' } } } })).toBeUndefined();
    expect(statusOf({ kind, object: having(worse) })).toBeDefined();
  });
});

it('is let be only as far as its values go', () => {
  const kind = 'policy/PodDisruptionBudget';
  expect(statusOf({ kind, old: { spec: { selector: bad } }, object: { spec: { selector: worse } } })?.causes).toMatchObject([{ field: 'spec.selector.matchExpressions[0].key' }]);
  expect(statusOf({ kind, old: { spec: { selector: {} } }, object: { spec: { selector: bad } } })?.causes).toMatchObject([{ field: 'spec.selector.matchExpressions[0].values[0]' }]);
});

it('is told of as a whole in the rule of an aggregated role, as upstream does not let it be', () => {
  const role = (selector: object): object => ({ aggregationRule: { clusterRoleSelectors: [selector] } });
  const kind = 'rbac.authorization.k8s.io/ClusterRole';
  expect(statusOf({ kind, object: role(bad) })?.causes).toHaveLength(2);
  expect(statusOf({ kind, old: role(bad), object: { metadata: { labels: { a: 'b' } } } })?.causes).toMatchObject([{ message: 'Invalid value: null: invalid label selector.' }]);
});
