import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { givenWithoutEffect, parseFlags } from '@navarch/component-base';
import { extendsPoint, extensionPoints, pluginRegistry, type ExtensionPoint, type SchedulerPlugin } from '@navarch/scheduling';
import { buildProfiles } from './build-profiles';
import { flags } from '../config';
import { completeConfiguration } from './complete-configuration';
import { electionSettings } from './election-settings';
import { argumentsFor } from './plugin-args';
import { loadConfiguration, parseConfiguration } from './load-configuration';
import type { SchedulerConfiguration } from './scheduler-configuration';

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';
const parse = (text: string) => parseConfiguration(head + text, 'file');
const build = (text: string) => buildProfiles(parse(text), { remote: (name) => ({ name, ignorable: false, weight: 1, concerns: () => true }), extenders: [] }, 'default-scheduler');

describe('scheduler configuration', () => {
  it.each<[string, string, string]>([
    ['a field nobody knows', 'foo: 1', 'file: unknown field "foo"'],
    ['a field nobody knows, deep inside', 'profiles: [{plugins: {score: {enabled: [{nam: x}]}}}]', 'file: 2 faults:\n  profiles[0].plugins.score.enabled[0].name: is required\n  unknown field "profiles[0].plugins.score.enabled[0].nam"'],
    ['an argument nobody knows', 'profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {strategy: x}}]}]', 'file: unknown field "profiles[0].pluginConfig[0].args.strategy"'],
    ['arguments for who takes none', 'profiles: [{pluginConfig: [{name: NodeName, args: {}}]}]', 'file: profiles[0].pluginConfig[0].args: plug-in NodeName takes no arguments'],
    ['a wrong type', 'parallelism: many', 'file: parallelism: must be a whole number'],
    ['a percentage over 100', 'percentageOfNodesToScore: 101', 'file: percentageOfNodesToScore: 101 is not between 0 and 100'],
    ['a profile twice', 'profiles: [{schedulerName: a}, {schedulerName: a}]', 'file: profiles[1].schedulerName: "a" is there twice'],
    ['an extender that scores without weight', 'extenders: [{urlPrefix: "http://x", prioritizeVerb: p}]', 'file: extenders[0].weight: must have a positive weight applied to it'],
    ['two extenders that bind', 'extenders: [{urlPrefix: "http://x", bindVerb: b}, {urlPrefix: "http://y", bindVerb: b}]', 'file: extenders: only one extender can implement bind'],
    ['back-off that ends before it begins', 'podInitialBackoffSeconds: 20', 'file: podMaxBackoffSeconds: must be greater than or equal to podInitialBackoffSeconds'],
    ['a shape without points', 'profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio}}}]}]', 'file: profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio.shape: at least one point must be specified'],
    ['a field of an affinity that nobody knows', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpression: []}]}}}}]}]', 'file: unknown field "profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpression"'],
    ['an affinity by a wrong operator', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Is, values: [a]}]}]}}}}]}]', 'file: profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: "Is" is not a valid node selector operator'],
    ['an affinity without values', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In}]}]}}}}]}]', 'file: profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: '],
    ['an affinity with values too many', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Exists, values: [a]}]}]}}}}]}]', 'file: profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: '],
    ['an affinity by what is no number', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Gt, values: [a]}]}]}}}}]}]', 'file: profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: '],
    ['an affinity by a field that nodes cannot be selected by', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: spec.x, operator: In, values: [a]}]}]}}}}]}]', 'file: profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: "spec.x" is not a valid field selector key'],
    ['a preference without weight', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{preference: {}}]}}}]}]', 'file: profiles[0].pluginConfig[0].args.addedAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: is required'],
    ['a shape of volumes without points', 'profiles: [{pluginConfig: [{name: VolumeBinding, args: {shape: []}}]}]', 'file: profiles[0].pluginConfig[0].args.shape: at least one point must be specified'],
    ['a shape of volumes that goes back', 'profiles: [{pluginConfig: [{name: VolumeBinding, args: {shape: [{utilization: 50, score: 1}, {utilization: 20, score: 2}]}}]}]', 'file: profiles[0].pluginConfig[0].args.shape: utilization values must be sorted in increasing order'],
    ['a search for devices that takes less than no time', 'profiles: [{pluginConfig: [{name: DynamicResources, args: {filterTimeout: -1s}}]}]', 'file: profiles[0].pluginConfig[0].args.filterTimeout: must be zero or positive'],
    ['devices that must be ready at once', 'profiles: [{pluginConfig: [{name: DynamicResources, args: {bindingTimeout: 500ms}}]}]', 'file: profiles[0].pluginConfig[0].args.bindingTimeout: must be at least 1 second'],
    ['a preemption that looks at no node', 'profiles: [{pluginConfig: [{name: DefaultPreemption, args: {minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}}]}]', 'file: profiles[0].pluginConfig[0].args.minCandidateNodesPercentage: cannot be zero at the same time as minCandidateNodesAbsolute'],
    ['a resource that is balanced twice', 'profiles: [{pluginConfig: [{name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu}, {name: cpu, weight: 1}]}}]}]', 'file: profiles[0].pluginConfig[0].args.resources[1].name: "cpu" is there twice'],
    ['a resource that weighs more in a balance', 'profiles: [{pluginConfig: [{name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu, weight: 2}]}}]}]', 'file: profiles[0].pluginConfig[0].args.resources[0].weight: must be 1'],
    ['an ignored resource that is no name', 'profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {ignoredResources: ["a b"]}}]}]', 'file: profiles[0].pluginConfig[0].args.ignoredResources[0]: '],
    ['an ignored group that is a resource', 'profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {ignoredResourceGroups: [example.com/x]}}]}]', "file: profiles[0].pluginConfig[0].args.ignoredResourceGroups[0]: resource group name can't contain '/'"],
    ['a spread by nothing', 'profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: "", whenUnsatisfiable: DoNotSchedule}]}}]}]', 'file: profiles[0].pluginConfig[0].args.defaultConstraints[0].topologyKey: can not be empty'],
    ['a spread that is said twice', 'profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}, {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}}]}]', 'file: profiles[0].pluginConfig[0].args.defaultConstraints[1]: {zone, DoNotSchedule} is there twice'],
    ['an extender for what is no extended resource', 'extenders: [{urlPrefix: "http://x", managedResources: [{name: cpu}]}]', 'file: extenders[0].managedResources[0].name: "cpu" is an invalid extended resource name'],
    ['two extenders for one resource', 'extenders: [{urlPrefix: "http://x", managedResources: [{name: example.com/x}]}, {urlPrefix: "http://y", managedResources: [{name: example.com/x}]}]', 'file: extenders[1].managedResources[0].name: duplicate extender managed resource name'],
    ['a plug-in that is not there', 'profiles: [{plugins: {filter: {enabled: [{name: Nope}]}}}]', 'scheduler configuration: profile "default-scheduler": there is no plug-in "Nope"'],
    ['no queue sort', 'profiles: [{plugins: {queueSort: {disabled: [{name: "*"}]}}}]', 'scheduler configuration: profile "default-scheduler": only one queue sort plugin required for profile, but got 0'],
    ['a profile without a name beside another', 'profiles: [{schedulerName: a}, {}]', 'file: profiles[1].schedulerName: is required'],
    ['a plug-in that is turned on twice everywhere', 'profiles: [{plugins: {multiPoint: {enabled: [{name: ImageLocality}, {name: ImageLocality}]}}}]', 'scheduler configuration: profile "default-scheduler": plugin "ImageLocality" already registered'],
    ['a plug-in that is turned on twice at one point', 'profiles: [{plugins: {score: {enabled: [{name: ImageLocality}, {name: ImageLocality}]}}}]', 'scheduler configuration: profile "default-scheduler": plugin "ImageLocality" already registered'],
    ['an affinity by what is no label', 'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: invalid/label/key, operator: In, values: [a b]}]}]}}}}]}]', 'file: 2 faults:\n  profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: '],
    ['a plug-in at a point that it does not extend', 'profiles: [{plugins: {preFilter: {enabled: [{name: NodeName}]}}}]', 'scheduler configuration: profile "default-scheduler": plugin "NodeName" does not extend PreFilterPlugin plugin'],
    ['a plug-in that scores nothing among those that score', 'profiles: [{plugins: {score: {enabled: [{name: NodePorts, weight: 2}]}}}]', 'scheduler configuration: profile "default-scheduler": plugin "NodePorts" does not extend ScorePlugin plugin'],
    ['a weight that could overflow', 'profiles: [{plugins: {score: {enabled: [{name: ImageLocality, weight: 2147483648}]}}}]', 'file: profiles[0].plugins.score.enabled[0].weight: 2147483648 is not between 0 and 2147483647'],
    ['a plug-in that places no groups', 'profiles: [{plugins: {placementScore: {enabled: [{name: NodeName}]}}}]', 'scheduler configuration: profile "default-scheduler": plugin "NodeName" does not extend PlacementScorePlugin plugin'],
    ['nobody to bind', 'profiles: [{plugins: {bind: {disabled: [{name: "*"}]}}}]', 'scheduler configuration: profile "default-scheduler": at least one bind plugin is needed'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => build(text)).toThrow(message);
  });

  it('refuses another kind, and a file that is not there', () => {
    expect(() => parseConfiguration('apiVersion: v1\nkind: Pod', 'file')).toThrow('"v1" is not one of "kubescheduler.config.k8s.io/v1"');
    expect(() => loadConfiguration('/nowhere.yaml')).toThrow('/nowhere.yaml: cannot be read');
  });

  it('has all default plug-ins unless told otherwise', () => {
    const [{ profile } = { profile: undefined }] = build('');
    expect(profile?.score.map(({ plugin, weight }) => `${plugin.name}=${weight}`)).toEqual(['TaintToleration=3', 'NodeAffinity=2', 'NodeResourcesFit=1', 'PodTopologySpread=2', 'InterPodAffinity=2', 'DynamicResources=2', 'NodeResourcesBalancedAllocation=1', 'ImageLocality=1']);
    expect(profile?.filter.map(({ name }) => name)).toContain('DynamicResources');
  });

  it('turns plug-ins off and on, everywhere or at one point, with weights', () => {
    const [first, second] = build('profiles: [{schedulerName: a, plugins: {multiPoint: {enabled: [{name: NodeResourcesFit, weight: 7}], disabled: [{name: ImageLocality}]}, score: {disabled: [{name: PodTopologySpread}]}}}, {schedulerName: b, plugins: {score: {enabled: [{name: ImageLocality, weight: 9}], disabled: [{name: "*"}]}}}]');
    expect(first?.profile.score.map(({ plugin, weight }) => `${plugin.name}=${weight}`)).toEqual(['TaintToleration=3', 'NodeAffinity=2', 'NodeResourcesFit=7', 'InterPodAffinity=2', 'DynamicResources=2', 'NodeResourcesBalancedAllocation=1']);
    expect(first?.profile.filter.map(({ name }) => name)).toContain('PodTopologySpread');
    expect(second?.profile.score.map(({ plugin, weight }) => `${plugin.name}=${weight}`)).toEqual(['ImageLocality=9']);
  });

  it('asks first whom a point names of those that are on everywhere, then the others, last whom it alone has; who is named without a weight has 1 (upstream\'s TestNewFrameworkMultiPointExpansion)', () => {
    const [{ profile } = { profile: undefined }] = build('profiles: [{plugins: {multiPoint: {disabled: [{name: ImageLocality}]}, score: {enabled: [{name: ImageLocality, weight: 5}, {name: NodeAffinity}], disabled: [{name: InterPodAffinity}, {name: DynamicResources}]}}}]');
    expect(profile?.score.map(({ plugin, weight }) => `${plugin.name}=${weight}`)).toEqual(['NodeAffinity=1', 'TaintToleration=3', 'NodeResourcesFit=1', 'PodTopologySpread=2', 'NodeResourcesBalancedAllocation=1', 'ImageLocality=5']);
  });

  it('takes every plug-in at the points of upstream\'s, where it has a method', () => {
    const points = (name: string): ExtensionPoint[] => extensionPoints.filter((point) => extendsPoint(name, point));
    const methodOf: Partial<Record<ExtensionPoint, keyof SchedulerPlugin>> = { queueSort: 'compare', filter: 'preFilter', score: 'preScore' };
    // No method of ours: a preparation is part of what it prepares, and the scheduler binds itself. Scores of volumes are off without a shape.
    const others: ExtensionPoint[] = ['preFilter', 'preScore', 'bind'];
    const extra = ['DefaultPreemption at preEnqueue', 'VolumeBinding at score'];
    for (const [name, make] of Object.entries(pluginRegistry)) {
      const plugin = make({} as never, {});
      const implemented = extensionPoints.filter((point) => !others.includes(point) && plugin[methodOf[point] ?? (point as keyof SchedulerPlugin)] !== undefined && point !== 'postBind');
      expect([name, points(name).filter((point) => !others.includes(point) && !extra.includes(`${name} at ${point}`))]).toEqual([name, implemented]);
    }
  });

  it.each([
    ['nothing of a profile', 'profiles: []'],
    ['the points of groups, as upstream writes them', 'profiles: [{plugins: {placementGenerate: {}, placementScore: {}}}]'],
    ['fields without a value', 'parallelism:\npodMaxBackoffSeconds:\nleaderElection:\nextenders:\nprofiles:'],
    ['no weight of an extender that does not score', 'extenders: [{urlPrefix: "http://x", filterVerb: f, weight: 0}]'],
    ['all that default constraints may have', 'profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, minDomains: 2, nodeAffinityPolicy: Ignore, nodeTaintsPolicy: Honor, matchLabelKeys: [a]}]}}]}]'],
  ])('takes %s', (_name, text) => {
    expect(build(text).map(({ profile }) => profile.schedulerName)).toEqual(['default-scheduler']);
  });

  it('says of the election what flags say that are not given', () => {
    expect(electionSettings(parse('leaderElection: {leaderElect: false, leaseDuration: 30s, renewDeadline: 0s, resourceName: "", resourceNamespace: other}'))).toEqual({ 'leader-elect': 'false', 'leader-elect-lease-duration': '30s', 'leader-elect-resource-namespace': 'other' });
    expect(electionSettings(parse(''))).toEqual({});
  });

  it('writes itself with all its defaults, and reads that again', () => {
    const settings = parseFlags({ ...flags, apiserver: { type: 'string' }, 'certificate-authority': { type: 'string' }, 'client-certificate': { type: 'string' }, 'client-key': { type: 'string' } } as unknown as typeof flags, ['--leader-elect-lease-duration=90s', '--kube-api-qps=7'], {});
    const text = 'parallelism: 4\nprofiles: [{plugins: {multiPoint: {enabled: [{name: NodeResourcesFit, weight: 7}, {name: GangScheduling}], disabled: [{name: ImageLocality}]}, score: {disabled: [{name: PodTopologySpread}]}}, pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated, resources: [{name: cpu}]}}}]}]';
    const written = completeConfiguration(parse(text), settings);
    const again = parseConfiguration(written, 'file');
    expect(again).toMatchObject({
      parallelism: 4, podMaxBackoffSeconds: 10, enableProfiling: true, clientConnection: { qps: 7, burst: 100, contentType: 'application/vnd.kubernetes.protobuf' },
      leaderElection: { leaderElect: true, leaseDuration: '1m30s', renewDeadline: '10s', retryPeriod: '2s', resourceLock: 'leases', resourceName: 'kube-scheduler', resourceNamespace: 'kube-system' },
      profiles: [{ schedulerName: 'default-scheduler', plugins: { score: { disabled: [{ name: 'PodTopologySpread' }] }, bind: {} } }],
    });
    expect(again.profiles?.[0]?.pluginConfig?.map(({ name }) => name)).toEqual(['DefaultPreemption', 'DynamicResources', 'GangScheduling', 'InterPodAffinity', 'NodeAffinity', 'NodeResourcesBalancedAllocation', 'NodeResourcesFit', 'PodTopologySpread', 'VolumeBinding']);
    expect(again.profiles?.[0]?.pluginConfig?.[6]?.args).toEqual({ apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'NodeResourcesFitArgs', scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu', weight: 1 }] } });
    expect(completeConfiguration(again, settings)).toBe(written);
    const names = (configuration: SchedulerConfiguration): unknown => buildProfiles(configuration, { remote: () => { throw new Error('none'); }, extenders: [] }, 'default-scheduler').map(({ profile: { score, filter, permit } }) => [score.map(({ plugin, weight }) => `${plugin.name}=${weight}`), filter.map(({ name }) => name), permit.map(({ name }) => name)]);
    expect(names(again)).toEqual(names(parse(text)));
    expect(givenWithoutEffect(flags, settings)).toEqual(['--kube-api-qps']);
  });

  it('asks VolumeBinding for scores when it has a shape', () => {
    const [{ profile } = { profile: undefined }] = build('profiles: [{pluginConfig: [{name: VolumeBinding, args: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}}]}]');
    expect(profile?.score.map(({ plugin, weight }) => `${plugin.name}=${weight}`)).toContain('VolumeBinding=1');
  });

  it('takes arguments that are null as left out, and durations as milliseconds', () => {
    expect(argumentsFor('DynamicResources', { kind: 'DynamicResourcesArgs', filterTimeout: '2s', bindingTimeout: '1m30s' })).toEqual({ filterTimeoutMs: 2_000, bindingTimeoutMs: 90_000 });
    expect(argumentsFor('DynamicResources', { filterTimeout: null })).toEqual({});
    expect(argumentsFor('VolumeBinding', { shape: null, bindTimeoutSeconds: 5 })).toEqual({ bindTimeoutSeconds: 5 });
  });

  it('leaves to an extender what it alone looks after', () => {
    const text = 'extenders: [{urlPrefix: "http://x", filterVerb: f, managedResources: [{name: example.com/x, ignoredByScheduler: true}]}]';
    expect(parse(text).extenders?.[0]?.managedResources).toHaveLength(1);
    expect(build(text)).toHaveLength(1);
  });

  it('reads the example', () => {
    const path = join(__dirname, '../../../../examples/scheduler-plugin/scheduler.yaml');
    expect(readFileSync(path, 'utf8')).toContain('kubescheduler.config.k8s.io/v1');
    const profiles = buildProfiles(loadConfiguration(path), { remote: (name, args, weight) => ({ name: `${name} at ${args.address}`, ignorable: false, weight, concerns: () => true }), extenders: [] }, 'default-scheduler');
    expect(profiles.map(({ profile, externals }) => [profile.schedulerName, externals.map(({ name, weight }) => `${name}=${weight}`)])).toEqual([['default-scheduler', []], ['rooms', ['Rooms at unix:///tmp/rooms/plugin.sock=2']]]);
  });
});
