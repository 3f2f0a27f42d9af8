import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import type { SchedulerPlugin } from '../framework';
import { askNode } from '../cycle/search-nodes';
import { podInfo } from '../state/pod-info';
import { asking, cluster, node, only, pod, scores } from '../testing/test-cluster';
import { interPodAffinity } from './inter-pod-affinity';
import { nodeResourcesFit } from './node-resources-fit';
import { podTopologySpread } from './pod-topology-spread';
import { taintToleration } from './taint-toleration';

/** Each filter against its definition in the API's documentation, spelled out slowly over all pods and nodes of small random clusters. */
const runs = { seed: 20_261_128, numRuns: 300 };
const zone = 'zone';
const app = fc.constantFrom('x', 'y');
const name = (index: number): string => `n${index}`;

interface Cluster {
  readonly nodes: readonly corev1.Node[];
  readonly pods: readonly corev1.Pod[];
}

/** Nodes that the plug-in lets the pod onto. */
const taken = (plugin: SchedulerPlugin, candidate: corev1.Pod, { nodes, pods }: Cluster): string[] => {
  const state = cluster([...nodes, ...pods]);
  return state.nodes.filter((each) => askNode(podInfo(candidate), state, only(plugin), each) === undefined).map((each) => each.name).sort();
};
const agree = (plugin: SchedulerPlugin, candidate: corev1.Pod, given: Cluster, allows: (on: corev1.Node) => boolean): void =>
  expect(taken(plugin, candidate, given)).toEqual(given.nodes.filter(allows).map(({ metadata }) => metadata.name).sort());
const on = (each: corev1.Pod): string => each.spec?.nodeName ?? '';
const podsOn = (given: Cluster, nodeName: string | undefined): corev1.Pod[] => given.pods.filter((each) => on(each) === nodeName);
const label = (object: { readonly metadata: { readonly labels?: Record<string, string> } }, key: string): string | undefined => object.metadata.labels?.[key];

describe('NodeResourcesFit does as its definition says', () => {
  const amounts = fc.record({ cpu: fc.integer({ min: 0, max: 4 }), memory: fc.integer({ min: 0, max: 4 }), gpu: fc.integer({ min: 0, max: 2 }) });
  type Amounts = { readonly cpu: number; readonly memory: number; readonly gpu: number };
  const quantities = ({ cpu, memory, gpu }: Amounts): Record<string, string> => ({ cpu: String(cpu), memory: `${memory}Gi`, 'example.com/gpu': String(gpu) });
  const read = (each: corev1.Pod): Amounts => {
    const { cpu = '0', memory = '0Gi', 'example.com/gpu': gpu = '0' } = each.spec?.containers[0]?.resources?.requests ?? {};
    return { cpu: Number(cpu), memory: Number.parseInt(memory, 10), gpu: Number(gpu) };
  };

  it('for random requests', () => {
    fc.assert(fc.property(fc.array(fc.tuple(amounts, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 3 }), fc.array(fc.tuple(amounts, fc.nat(2)), { maxLength: 5 }), amounts, (nodes, placed, wanted) => {
      const given: Cluster = {
        nodes: nodes.map(([capacity, pods], index) => node(name(index), { allocatable: { ...quantities(capacity), pods: String(pods) } })),
        pods: placed.map(([requests, at]) => pod({ ...asking(quantities(requests)), nodeName: name(at % nodes.length) })),
      };
      agree(nodeResourcesFit(), pod(asking(quantities(wanted))), given, ({ metadata }) => {
        const [capacity, pods] = nodes[Number(metadata.name?.slice(1))] as [Amounts, number];
        const there = podsOn(given, metadata.name).map(read);
        const fits = (of: keyof Amounts): boolean => wanted[of] === 0 || there.reduce((sum, each) => sum + each[of], wanted[of]) <= capacity[of];
        return there.length < pods && fits('cpu') && fits('memory') && fits('gpu');
      });
    }), runs);
  });
});

describe('TaintToleration does as its definition says', () => {
  const effect = fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule');
  const taint = fc.record({ key: fc.constantFrom('a', 'b'), value: fc.constantFrom('', '1', '2'), effect });
  const toleration = fc.record({ key: fc.constantFrom('a', 'b', ''), operator: fc.constantFrom('Exists', 'Equal'), value: fc.constantFrom('', '1', '2'), effect: fc.oneof(effect, fc.constant('')) })
    // The API takes no toleration that asks for a value of any key.
    .filter(({ key, operator }) => key !== '' || operator === 'Exists');
  type Toleration = { readonly key: string; readonly operator: string; readonly value: string; readonly effect: string };
  const tolerated = (tolerations: readonly Toleration[], { key, value = '', effect: of }: corev1.Taint): boolean =>
    tolerations.some((each) => ['', of].includes(each.effect) && ['', key].includes(each.key) && (each.operator === 'Exists' || each.value === value));

  it('for random taints: none but preferred ones may be left untolerated, and of those as few as there are', () => {
    fc.assert(fc.property(fc.array(fc.array(taint, { maxLength: 3 }), { minLength: 2, maxLength: 3 }), fc.array(toleration, { maxLength: 3 }), (taints, tolerations) => {
      const given: Cluster = { nodes: taints.map((list, index) => node(name(index), { spec: { taints: list } })), pods: [] };
      const candidate = pod({ tolerations });
      agree(taintToleration, candidate, given, ({ spec }) => (spec?.taints ?? []).every((each) => each.effect === 'PreferNoSchedule' || tolerated(tolerations, each)));
      // Only what tolerates this effect, or any, counts for scores.
      const soft = tolerations.filter((each) => ['', 'PreferNoSchedule'].includes(each.effect));
      const bad = taints.map((list) => list.filter((each) => each.effect === 'PreferNoSchedule' && !tolerated(soft, each)).length);
      const most = Math.max(...bad);
      const expected = bad.map((count) => (most === 0 ? 100 : 100 - Math.trunc((100 * count) / most)));
      const found = scores(candidate, cluster(given.nodes), taintToleration);
      // Where no node has such a taint, it has nothing to say.
      if (taints.some((list) => list.some((each) => each.effect === 'PreferNoSchedule'))) expect(taints.map((_list, index) => found[name(index)])).toEqual(expected);
      else expect(found).toEqual({});
    }), runs);
  });
});

const zones = fc.array(fc.constantFrom<string | undefined>('1', '2', '3', undefined), { minLength: 1, maxLength: 5 });
const inZones = (of: readonly (string | undefined)[]): corev1.Node[] => of.map((value, index) => node(name(index), { labels: value === undefined ? {} : { [zone]: value } }));

describe('PodTopologySpread does as its definition says', () => {
  const placedPods = fc.array(fc.record({ app, at: fc.nat(4), namespace: fc.constantFrom('default', 'other'), leaving: fc.boolean() }), { maxLength: 8 });

  it('for random constraints on zones', () => {
    fc.assert(fc.property(zones, placedPods, app, fc.record({ maxSkew: fc.integer({ min: 1, max: 3 }), minDomains: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }), selects: app }), (of, placed, own, { maxSkew, minDomains, selects }) => {
      const given: Cluster = {
        nodes: inZones(of),
        pods: placed.map(({ app: value, at, namespace, leaving }) => pod({ nodeName: name(at % of.length) }, { namespace, labels: { app: value }, ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) })),
      };
      const constraint = { topologyKey: zone, maxSkew, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: selects } }, ...(minDomains === undefined ? {} : { minDomains }) };
      const candidate = pod({ topologySpreadConstraints: [constraint] }, { labels: { app: own } });
      const counts = new Map<string, number>();
      for (const each of given.nodes) {
        const domain = label(each, zone);
        if (domain === undefined) continue;
        const matching = podsOn(given, each.metadata.name).filter(({ metadata }) => metadata.namespace === 'default' && metadata.deletionTimestamp === undefined && metadata.labels?.['app'] === selects);
        counts.set(domain, (counts.get(domain) ?? 0) + matching.length);
      }
      const least = counts.size < (minDomains ?? 1) || counts.size === 0 ? 0 : Math.min(...counts.values());
      agree(podTopologySpread(), candidate, given, (each) => {
        const domain = label(each, zone);
        return domain !== undefined && (counts.get(domain) ?? 0) + (own === selects ? 1 : 0) - least <= maxSkew;
      });
    }), runs);
  });
});

describe('InterPodAffinity does as its definition says', () => {
  const term = fc.record({ topologyKey: fc.constantFrom(zone, 'kubernetes.io/hostname'), selects: app });
  type Term = { readonly topologyKey: string; readonly selects: string };
  const affinityTerm = ({ topologyKey, selects }: Term): corev1.PodAffinityTerm => ({ topologyKey, labelSelector: { matchLabels: { app: selects } } });
  const affinity = (near: readonly Term[], apart: readonly Term[]): Partial<corev1.PodSpec> => ({
    affinity: {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: near.map(affinityTerm) },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: apart.map(affinityTerm) },
    },
  });
  const terms = fc.array(term, { maxLength: 2 });
  const placedPods = fc.array(fc.record({ app, at: fc.nat(4), apart: terms }), { maxLength: 5 });

  it('for random terms of the pod, and of those that are there', () => {
    fc.assert(fc.property(zones, placedPods, app, terms, terms, (of, placed, own, near, apart) => {
      const given: Cluster = {
        nodes: inZones(of),
        pods: placed.map((each) => pod({ nodeName: name(each.at % of.length), ...affinity([], each.apart) }, { labels: { app: each.app } })),
      };
      const nodeOf = (each: corev1.Pod): corev1.Node => given.nodes.find(({ metadata }) => metadata.name === on(each)) as corev1.Node;
      const together = (a: corev1.Node, b: corev1.Node, key: string): boolean => label(a, key) !== undefined && label(a, key) === label(b, key);
      const appOf = (each: corev1.Pod): string => label(each, 'app') ?? '';
      // For affinity only those count that all terms select, and only where they are in a domain at all.
      const company = given.pods.filter((each) => near.every(({ selects }) => appOf(each) === selects));
      const isFirst = near.every(({ selects }) => selects === own) && near.every(({ topologyKey }) => company.every((each) => label(nodeOf(each), topologyKey) === undefined));
      agree(interPodAffinity(), pod(affinity(near, apart), { labels: { app: own } }), given, (each) => {
        const isNear = near.every(({ topologyKey }) => label(each, topologyKey) !== undefined && (isFirst || company.some((other) => together(each, nodeOf(other), topologyKey))));
        const isApart = apart.every(({ topologyKey, selects }) => !given.pods.some((other) => appOf(other) === selects && together(each, nodeOf(other), topologyKey)));
        const leftAlone = placed.every(({ apart: theirs }, index) => theirs.every(({ topologyKey, selects }) => selects !== own || !together(each, nodeOf(given.pods[index] as corev1.Pod), topologyKey)));
        return isNear && isApart && leftAlone;
      });
    }), runs);
  });
});
