import type { corev1, KubeObject } from '@navarch/api';
import { fitMessage } from '../cycle/diagnosis';
import { profileOf, type Profile, type WeightedPlugin } from '../cycle/profile';
import { rankNodes } from '../cycle/rank-nodes';
import { schedulePod } from '../cycle/schedule-pod';
import { defaultProfile } from '../plugin-registry';
import type { SchedulerPlugin } from '../framework';
import { noObjects, type ClusterObjects, type Lookup } from '../state/cluster-objects';
import { ClusterState } from '../state/cluster-state';
import { podInfo } from '../state/pod-info';

let serial = 0;

export interface NodeOptions {
  readonly labels?: Record<string, string>;
  readonly spec?: corev1.NodeSpec;
  readonly allocatable?: Record<string, string>;
  readonly images?: corev1.ContainerImage[];
}

export function node(name: string, { labels = {}, spec = {}, allocatable = {}, images }: NodeOptions = {}): corev1.Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, ...(images === undefined ? {} : { images }) },
  };
}

/** On a node if `spec.nodeName` says so. */
export function pod(spec: Partial<corev1.PodSpec> = {}, metadata: corev1.Pod['metadata'] = {}, status: corev1.PodStatus = {}): corev1.Pod {
  serial += 1;
  return { metadata: { name: `p${serial}`, namespace: 'default', uid: `u${serial}`, ...metadata }, spec: { containers: [{ name: 'main', image: 'image' }], ...spec }, status };
}

export const asking = (requests: Record<string, string>): Pick<corev1.PodSpec, 'containers'> => ({ containers: [{ name: 'main', image: 'image', resources: { requests } }] });

type Given = { readonly [Kind in keyof ClusterObjects]?: ClusterObjects[Kind] extends Lookup<infer T> ? readonly T[] : never };

function lookup<T extends KubeObject>(objects: readonly T[]): Lookup<T> {
  return {
    get: ({ namespace, name }) => objects.find(({ metadata }) => (metadata.namespace ?? '') === namespace && metadata.name === name),
    list: (namespace) => objects.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
  };
}

export function objects(given: Given): ClusterObjects {
  return { ...noObjects, ...Object.fromEntries(Object.entries(given).map(([kind, list]) => [kind, lookup(list as readonly KubeObject[])])) };
}

/** Nodes and pods by what they are. */
export function cluster(members: readonly (corev1.Node | corev1.Pod)[], given: Given = {}): ClusterState {
  const state = new ClusterState(objects(given));
  for (const member of members) if (!('spec' in member && 'containers' in (member.spec ?? {}))) state.setNode(member as corev1.Node);
  for (const member of members) if ('spec' in member && 'containers' in (member.spec ?? {})) state.setPod(member as corev1.Pod);
  return state;
}

export const only = (...plugins: readonly (SchedulerPlugin | WeightedPlugin)[]): Profile => profileOf('test', plugins.map((entry) => ('plugin' in entry ? entry : { plugin: entry, weight: 1 })));

/** The node that a pod gets, or why none. */
export function placed(candidate: corev1.Pod, state: ClusterState, profile: Profile = defaultProfile()): string {
  const placement = schedulePod(podInfo(candidate), state, { profile, startIndex: 0, random: () => 0.99 });
  return placement.kind === 'placed' ? placement.node : fitMessage(placement.diagnosis);
}

/** What one plug-in scores, by node. */
export function scores(candidate: corev1.Pod, state: ClusterState, plugin: SchedulerPlugin): Record<string, number> {
  const { parts: [part] } = rankNodes(podInfo(candidate), state, only(plugin), state.nodes);
  return part === undefined ? {} : Object.fromEntries(state.nodes.map(({ name }, index) => [name, part.scores[index] ?? Number.NaN]));
}
