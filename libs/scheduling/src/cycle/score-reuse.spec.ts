import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import { defaultProfile } from '../plugin-registry';
import { interPodAffinity } from '../plugins/inter-pod-affinity';
import { nodeAffinity } from '../plugins/node-affinity';
import { nodeResourcesFit } from '../plugins/node-resources-fit';
import { podTopologySpread } from '../plugins/pod-topology-spread';
import type { ClusterState } from '../state/cluster-state';
import { podInfo } from '../state/pod-info';
import { asking, cluster, node, only, pod } from '../testing/test-cluster';
import type { CycleObserver } from './cycle-observer';
import { NextBest } from './next-best';
import type { Profile } from './profile';
import { rankFeasible, schedulePod, type Placement } from './schedule-pod';
import type { LastCycle } from './score-reuse';
import { searchNodes } from './search-nodes';
import { signPod } from './sign-pod';

/** Tells what became of each attempt to use what the cycle before found. */
function listening(): { readonly said: string[]; readonly observer: CycleObserver } {
  const said: string[] = [];
  return { said, observer: { now: () => 0, point: () => undefined, evaluated: () => undefined, reuse: (result, flushed) => void said.push(flushed ?? result) } };
}

const few = only(nodeResourcesFit(), nodeAffinity(), podTopologySpread(), interPodAffinity());

class Run {
  last: LastCycle | undefined;
  readonly #heard = listening();

  constructor(readonly state: ClusterState, private readonly profile: Profile = few) {}

  get said(): readonly string[] {
    return this.#heard.said;
  }

  place(candidate: corev1.Pod, profile = this.profile): Placement {
    const info = podInfo(candidate);
    const placement = schedulePod(info, this.state, { profile, startIndex: 0, random: () => 0.5, observer: this.#heard.observer, last: this.last });
    this.last = placement.kind === 'placed' ? placement.cycle : undefined;
    if (placement.kind === 'placed') this.state.assume(info, placement.node);
    return placement;
  }
}

const nodeOf = (placement: Placement): string => (placement.kind === 'placed' ? placement.node : '');
const whole = (more: Partial<corev1.PodSpec> = {}, labels: Record<string, string> = {}): corev1.Pod => pod({ ...asking({ cpu: '3', memory: '4Gi' }), ...more }, { labels });
const sized = (sizes: Record<string, string>): ClusterState => cluster(Object.entries(sizes).map(([name, memory]) => node(name, { allocatable: { memory } })));

describe('what a cycle found', () => {
  it('tells where pods go that are alike, as long as each fills its node', () => {
    const run = new Run(sized({ a: '8Gi', b: '32Gi', c: '16Gi' }));
    expect([whole(), whole(), whole()].map((one) => nodeOf(run.place(one)))).toEqual(['b', 'c', 'a']);
    expect(run.said).toEqual(['no_hint', 'hint_used', 'hint_used']);
    expect(run.place(whole()).kind).toBe('refused');
    expect(run.said.at(-1)).toBe('empty_list');
  });

  it.each<[string, string, (run: Run) => void]>([
    ['the node has room for one more', 'node_not_full', (run) => void run.place(pod(asking({ cpu: '1' })))],
    ['the pod is another', 'pod_incompatible', (run) => void run.place(whole({}, { app: 'other' }))],
    ['the pod is expected elsewhere', 'pod_nominated', (run) => void run.place(pod(asking({ cpu: '3' }), {}, { nominatedNodeName: 'gone' }))],
    ['a pod has gone', 'pod_skipped', (run) => {
      run.state.removePod([...(run.state.node('b')?.pods.keys() ?? [])][0] ?? '');
      run.place(whole());
    }],
    ['a node has changed', 'pod_skipped', (run) => {
      run.state.setNode(node('c', { allocatable: { memory: '64Gi' } }));
      run.place(whole());
    }],
    ['room is kept for somebody', 'pod_skipped', (run) => {
      run.state.nominations.set(podInfo(whole()), 'c');
      run.place(whole());
    }],
    ['another profile is asked', 'pod_skipped', (run) => void run.place(whole(), only(nodeResourcesFit()))],
  ])('tells nothing when %s', (_why, reason, next) => {
    const run = new Run(sized({ a: '8Gi', b: '32Gi', c: '16Gi' }));
    run.place(whole());
    next(run);
    expect(run.said).toEqual(['no_hint', reason]);
  });

  it.each<[string, Partial<corev1.PodSpec>]>([
    ['spread', { topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} }] }],
    ['kept apart', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } }] } } }],
  ])('tells nothing of pods that are %s', (_why, spec) => {
    const run = new Run(sized({ a: '8Gi', b: '32Gi' }));
    run.place(whole(spec));
    run.place(whole(spec));
    expect(run.said).toEqual(['no_hint', 'pod_not_batchable']);
  });

  it('tells nothing where a score depends on the node that is full', () => {
    const preferred = { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] }] } }] } } };
    const run = new Run(sized({ a: '8Gi', b: '8Gi', c: '8Gi' }));
    expect(nodeOf(run.place(whole(preferred)))).toBe('a');
    run.place(whole(preferred));
    expect(run.said).toEqual(['no_hint', 'pod_not_batchable']);
  });

  it('tells nothing where a plug-in does not sign', () => {
    const mute = { name: 'Mute', preFilter: () => undefined };
    const run = new Run(sized({ a: '8Gi', b: '32Gi' }), only(nodeResourcesFit(), mute));
    run.place(whole());
    run.place(whole());
    expect(run.said.at(-1)).toBe('pod_not_batchable');
    expect(signPod(podInfo(whole()), run.state, defaultProfile())).toBeDefined();
  });

  it('leads to what is found without it: the same pods have a node, and each one of the best', () => {
    const nodes = fc.array(
      fc.record({
        cpu: fc.integer({ min: 1, max: 4 }),
        memory: fc.constantFrom('4Gi', '8Gi', '16Gi'),
        zone: fc.constantFrom('x', 'y'),
        soft: fc.constantFrom(false, false, false, false, true),
      }),
      { minLength: 2, maxLength: 12 },
    );
    const template = fc.record({ cpu: fc.integer({ min: 1, max: 4 }), zone: fc.constantFrom(undefined, 'x'), prefers: fc.constantFrom(undefined, undefined, undefined, 'y'), app: fc.constantFrom('a', 'b') });
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.record({ do: fc.constant('pod' as const), which: fc.integer({ min: 0, max: 2 }), times: fc.integer({ min: 1, max: 6 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'cordon' as const), which: fc.integer({ min: 0, max: 30 }), times: fc.constant(1) }),
      },
    );
    let used = 0;
    fc.assert(fc.property(nodes, fc.tuple(template, template, template), fc.array(step, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (given, templates, steps, luck) => {
      const random = (): number => luck.next().value as number;
      const make = (name: string, { cpu, memory, zone, soft }: (typeof given)[number], unschedulable = false): corev1.Node =>
        node(name, { allocatable: { cpu: String(cpu), memory }, labels: { zone }, spec: { ...(soft ? { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } : {}), ...(unschedulable ? { unschedulable } : {}) } });
      const state = cluster(given.map((one, index) => make(`n${index}`, one)));
      const profile = defaultProfile();
      const { said, observer } = listening();
      const placed: string[] = [];
      let last: LastCycle | undefined;
      let startIndex = 0;
      const tryOne = ({ cpu, zone, prefers, app }: (typeof templates)[number]): void => {
        const spec: Partial<corev1.PodSpec> = { ...asking({ cpu: String(cpu) }), ...(zone === undefined ? {} : { nodeSelector: { zone } }) };
        if (prefers !== undefined) spec.affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: [prefers] }] } }] } };
        const info = podInfo(pod(spec, { labels: { app } }));
        const search = searchNodes(info, state, profile, startIndex);
        const placement = schedulePod(info, state, { profile, startIndex, random, observer, last });
        last = placement.kind === 'placed' ? placement.cycle : undefined;
        startIndex += placement.search.examined;
        expect(placement.kind).toBe(search.diagnosis === undefined ? 'placed' : 'refused');
        if (placement.kind === 'refused') return;
        const { nodes: feasible, totals } = rankFeasible(info, state, profile, search);
        expect(totals[feasible.findIndex(({ name }) => name === placement.node)]).toBe(Math.max(...totals));
        state.assume(info, placement.node);
        placed.push(info.uid);
      };
      for (const { do: what, which, times } of steps) {
        if (what === 'pod') for (let time = 0; time < times; time++) tryOne(templates[which] as (typeof templates)[number]);
        else if (what === 'remove') state.removePod(placed[which % Math.max(placed.length, 1)] ?? '');
        else state.setNode(make(`n${which % given.length}`, given[which % given.length] as (typeof given)[number], true));
      }
      used += said.filter((result) => result === 'hint_used').length;
    }), { numRuns: 300 });
    // Or else this would have shown nothing.
    expect(used).toBeGreaterThan(100);
  });
});

describe('the rest of a ranking', () => {
  it('comes out in order, each node once, without the one that is left out', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 }), fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true }), (totals, given, luck) => {
      const state = cluster(totals.map((_, index) => node(`n${index}`)));
      const without = given % totals.length;
      const rest = new NextBest({ nodes: state.nodes, totals }, without, () => luck);
      const names: string[] = [];
      for (let next = rest.take(); next !== undefined; next = rest.take()) names.push(next.name);
      const scoreOf = new Map(state.nodes.map(({ name }, index) => [name, totals[index] ?? 0]));
      expect(names.map((name) => scoreOf.get(name))).toEqual(totals.filter((_, index) => index !== without).sort((a, b) => b - a));
      expect(new Set(names).size).toBe(totals.length - 1);
      expect(names).not.toContain(state.nodes[without]?.name);
    }));
  });

  it('gives each of its equals the same chance', () => {
    const state = cluster(['a', 'b', 'c'].map((name) => node(name)));
    const luck = [0.9, 0.5, 0.1];
    const rest = new NextBest({ nodes: state.nodes, totals: [1, 1, 1] }, -1, () => luck.shift() ?? 0);
    expect([rest.take()?.name, rest.take()?.name, rest.take()?.name]).toEqual(['c', 'b', 'a']);
  });
});
