import type { corev1 } from '@navarch/api';
import { ClusterState, defaultProfile, fitMessage, podInfo, schedulePod, type Profile } from '@navarch/scheduling';
import type { Figure } from '../report/figure';
import type { Sizes } from '../sizes';

const zones = 3;
/** Decisions in one go before the clock is looked at. */
const batch = 250;

/** Kinds of pods, by what a decision about one has to look at. */
const kinds: Readonly<Record<string, (spec: corev1.PodSpec) => corev1.PodSpec>> = {
  'plain pods': (spec) => spec,
  'pods with spread constraints': (spec) => ({
    ...spec,
    topologySpreadConstraints: [['topology.kubernetes.io/zone', 'DoNotSchedule'] as const, ['kubernetes.io/hostname', 'ScheduleAnyway'] as const]
      .map(([topologyKey, whenUnsatisfiable]) => ({ maxSkew: 5, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels: { app: 'bench' } } })),
  }),
  'pods with pod affinity': (spec) => ({
    ...spec,
    affinity: {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels: { app: 'bench' } } }] },
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'bench' } } } }] },
    },
  }),
};

/** Decisions a second of processor time, the scheduler alone: no API, no binding. Each pod counts on its node for those that follow. */
export function schedulerAlone({ scheduler: { nodes, decisions, placed } }: Sizes): Figure[] {
  return nodes.flatMap((count) => Object.entries(kinds).map(([kind, shape]): Figure => {
    const empty = rate(count, decisions, 0, shape);
    const full = rate(count, decisions, placed * count, shape);
    return {
      scenario: 'scheduler-alone', what: `decide for ${kind} on ${count.toLocaleString('en')} nodes, decisions`, value: empty.perSecond, unit: '/s',
      reference: { what: `with ${(placed * count).toLocaleString('en')} pods placed before`, value: full.perSecond }, cpuSeconds: { scheduler: empty.cpuSeconds },
      detail: { microsecondsEach: 1e6 / empty.perSecond, microsecondsEachWhenFull: 1e6 / full.perSecond },
    };
  }));
}

function rate(nodes: number, decisions: number, placedBefore: number, shape: (spec: corev1.PodSpec) => corev1.PodSpec): { perSecond: number; cpuSeconds: number } {
  const state = new ClusterState();
  for (let index = 0; index < nodes; index++) state.setNode(node(index));
  const profile = defaultProfile();
  for (let index = 0; index < placedBefore; index++) {
    state.setPod({
      ...pod(`old-${index}`, (spec) => spec),
      spec: { ...pod('', (spec) => spec).spec, containers: [{ name: 'main', image: 'image' }], nodeName: `node-${index % nodes}` },
    });
  }
  let cursor = 0;
  const decide = (count: number, name: string): void => {
    for (let index = 0; index < count; index++) cursor = placeOne(state, profile, pod(`${name}-${index}`, shape), cursor);
  };
  decide(batch, 'warm-up');
  const before = process.cpuUsage();
  decide(decisions, 'new');
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  return { perSecond: decisions / cpuSeconds, cpuSeconds };
}

function placeOne(state: ClusterState, profile: Profile, candidate: corev1.Pod, startIndex: number): number {
  const info = podInfo(candidate);
  const placement = schedulePod(info, state, { profile, startIndex, random: Math.random });
  if (placement.kind !== 'placed') throw new Error(`the bench has no room for its pods: ${fitMessage(placement.diagnosis)}`);
  state.assume(info, placement.node);
  return startIndex + placement.search.examined;
}

function node(index: number): corev1.Node {
  const name = `node-${index}`;
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${index % zones}` } },
    status: { allocatable: { cpu: '256', memory: '1024Gi', pods: '1000' } },
  };
}

function pod(name: string, shape: (spec: corev1.PodSpec) => corev1.PodSpec): corev1.Pod {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'bench', uid: 'bench', controller: true };
  return {
    metadata: { name, namespace: 'default', uid: name, labels: { app: 'bench' }, ownerReferences: [owner] },
    spec: shape({ containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] }),
  };
}
