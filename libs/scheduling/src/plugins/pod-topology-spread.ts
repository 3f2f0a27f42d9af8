import type { corev1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import type { ClusterState } from '../cluster-state';
import { maxNodeScore, refusal, type NodeFilter, type NodeScorer, type SchedulerPlugin } from '../framework';
import type { NodeInfo } from '../node-info';
import type { PodInfo } from '../pod-info';
import { matchesNodeSelection } from './node-selector-terms';
import { tolerates } from './tolerations';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const missingLabel = refusal("node(s) didn't match pod topology spread constraints (missing required label)", true);
const tooMany = refusal("node(s) didn't match pod topology spread constraints");

/** Pods without constraints of their own are spread like this, as upstream's system defaults say. */
const defaults: readonly Constraint[] = [
  { topologyKey: hostname, maxSkew: 3, ofController: true },
  { topologyKey: zone, maxSkew: 5, ofController: true },
];

interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  /** Counts pods of the same controller instead of those a selector matches. */
  readonly ofController?: boolean;
  readonly spec?: corev1.TopologySpreadConstraint;
}

/** Spreads pods over topology domains: constraints that must hold filter, the others score. */
export const podTopologySpread: SchedulerPlugin = {
  name: 'PodTopologySpread',
  events: ['PodAdd', 'PodDelete', 'PodUpdate', 'NodeAdd', 'NodeUpdate'],
  prepareFilter: (pod, state) => {
    const constraints = own(pod, 'DoNotSchedule');
    return constraints.length === 0 ? undefined : spreadFilter(pod, state, constraints);
  },
  prepareScore: (pod, state, nodes) => {
    const constraints = (pod.spec.topologySpreadConstraints?.length ?? 0) > 0 ? own(pod, 'ScheduleAnyway') : pod.controllerUid === undefined ? [] : defaults;
    return constraints.length === 0 ? undefined : spreadScorer(pod, state, nodes, constraints);
  },
};

function own(pod: PodInfo, whenUnsatisfiable: string): Constraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((spec) => ({ topologyKey: spec.topologyKey, maxSkew: spec.maxSkew, spec: withMatchLabelKeys(spec, pod) }));
}

/** Adds the values of `matchLabelKeys` from the pod's own labels to the selector. */
function withMatchLabelKeys(spec: corev1.TopologySpreadConstraint, pod: PodInfo): corev1.TopologySpreadConstraint {
  const keys = (spec.matchLabelKeys ?? []).filter((key) => pod.labels[key] !== undefined);
  if (keys.length === 0) return spec;
  const extra = keys.map((key) => ({ key, operator: 'In', values: [pod.labels[key] as string] }));
  return { ...spec, labelSelector: { ...spec.labelSelector, matchExpressions: [...(spec.labelSelector?.matchExpressions ?? []), ...extra] } };
}

/** How many pods of a node a constraint counts. */
function countOn(node: NodeInfo, pod: PodInfo, constraint: Constraint): number {
  if (constraint.ofController === true) return node.podsOfController.get(pod.controllerUid ?? '') ?? 0;
  let count = 0;
  for (const other of node.pods.values()) {
    if (other.namespace === pod.namespace && other.pod.metadata.deletionTimestamp === undefined && matchesLabelSelector(constraint.spec?.labelSelector, other.labels)) count += 1;
  }
  return count;
}

/** Whether a node takes part in counting, by the constraint's node policies. */
function counts(node: NodeInfo, pod: PodInfo, { spec }: Constraint): boolean {
  if ((spec?.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNodeSelection(pod.spec, node)) return false;
  if (spec?.nodeTaintsPolicy !== 'Honor') return true;
  return node.taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerates(pod.spec.tolerations, taint));
}

function spreadFilter(pod: PodInfo, state: ClusterState, constraints: readonly Constraint[]): NodeFilter {
  const prepared = constraints.map((constraint) => {
    const domains = new Map<string, number>();
    for (const node of state.nodes) {
      const domain = node.labels[constraint.topologyKey];
      // Nodes must have all the keys to count for any.
      if (domain === undefined || constraints.some((other) => node.labels[other.topologyKey] === undefined) || !counts(node, pod, constraint)) continue;
      domains.set(domain, (domains.get(domain) ?? 0) + countOn(node, pod, constraint));
    }
    const least = domains.size < (constraint.spec?.minDomains ?? 1) ? 0 : Math.min(...domains.values());
    const self = matchesLabelSelector(constraint.spec?.labelSelector, pod.labels) ? 1 : 0;
    return { constraint, domains, least: Number.isFinite(least) ? least : 0, self };
  });
  return (node) => {
    for (const { constraint, domains, least, self } of prepared) {
      const domain = node.labels[constraint.topologyKey];
      if (domain === undefined) return missingLabel;
      if ((domains.get(domain) ?? 0) + self - least > constraint.maxSkew) return tooMany;
    }
    return undefined;
  };
}

function spreadScorer(pod: PodInfo, state: ClusterState, nodes: readonly NodeInfo[], constraints: readonly Constraint[]): NodeScorer | undefined {
  const requireAll = (pod.spec.topologySpreadConstraints?.length ?? 0) > 0;
  // With the system's defaults a key that no feasible node has is left out (a cluster without zones).
  const used = constraints.filter((constraint) => requireAll || nodes.some((node) => node.labels[constraint.topologyKey] !== undefined));
  if (used.length === 0) return undefined;
  const prepared = used.map((constraint) => {
    const feasible = new Set(nodes.map((node) => node.labels[constraint.topologyKey]).filter((domain) => domain !== undefined));
    const domains = new Map<string, number>();
    if (constraint.topologyKey !== hostname) {
      for (const node of state.nodes) {
        const domain = node.labels[constraint.topologyKey];
        if (domain !== undefined && feasible.has(domain) && counts(node, pod, constraint)) domains.set(domain, (domains.get(domain) ?? 0) + countOn(node, pod, constraint));
      }
    }
    // The more domains, the more one pod in one of them weighs.
    return { constraint, domains, weight: Math.log((constraint.topologyKey === hostname ? nodes.length : feasible.size) + 2) };
  });
  const ignored = -1;
  return {
    score: (node) => {
      let sum = 0;
      for (const { constraint, domains, weight } of prepared) {
        const domain = node.labels[constraint.topologyKey];
        if (domain === undefined) {
          if (requireAll) return ignored;
          continue;
        }
        const count = constraint.topologyKey === hostname ? countOn(node, pod, constraint) : (domains.get(domain) ?? 0);
        sum += count * weight + (constraint.maxSkew - 1);
      }
      return Math.round(sum);
    },
    normalize: normalizeSpread,
  };
}

/** The fullest domain gets least; nodes that were left out get nothing. */
function normalizeSpread(scores: Float64Array): void {
  const counted = scores.filter((score) => score >= 0);
  const max = counted.reduce((a, b) => Math.max(a, b), 0);
  const min = counted.reduce((a, b) => Math.min(a, b), Infinity);
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index] as number;
    scores[index] = score < 0 ? 0 : max === 0 ? maxNodeScore : Math.trunc((maxNodeScore * (max + min - score)) / max);
  }
}
