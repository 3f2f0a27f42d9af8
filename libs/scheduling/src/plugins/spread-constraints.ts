import type { corev1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { withLabelKeys, type PodQuery } from '../state/pod-query';
import { matchesNodeSelection, selectsNodes } from './node-selector-terms';
import { tolerates } from './tolerations';

export const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/** A spread constraint as it holds for one pod. */
export interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly query: PodQuery;
  /** 1 if the pod itself counts. */
  readonly self: 0 | 1;
  /** Whether a node takes part in counting; undefined: all do. */
  readonly counts: ((node: NodeInfo) => boolean) | undefined;
}

export type DefaultConstraint = Pick<corev1.TopologySpreadConstraint, 'topologyKey' | 'maxSkew' | 'whenUnsatisfiable' | 'minDomains' | 'nodeAffinityPolicy' | 'nodeTaintsPolicy'>;

/** How pods without constraints of their own are spread, as upstream's system defaults say. */
export const systemDefaults: readonly DefaultConstraint[] = [
  { topologyKey: hostname, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: zone, maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
];

export const hasOwnConstraints = ({ spec }: PodInfo): boolean => (spec.topologySpreadConstraints?.length ?? 0) > 0;

/** The constraints of one kind that hold for a pod: its own, else the defaults. */
export function constraintsOf(pod: PodInfo, state: ClusterState, whenUnsatisfiable: string, defaults: readonly DefaultConstraint[]): readonly Constraint[] {
  if (hasOwnConstraints(pod)) {
    return (pod.spec.topologySpreadConstraints ?? []).filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable).map((constraint) => own(constraint, pod));
  }
  const wanted = defaults.filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable);
  const query = wanted.length === 0 ? undefined : siblings(pod, state);
  if (query === undefined) return [];
  return wanted.map((constraint) => ({ topologyKey: constraint.topologyKey, maxSkew: constraint.maxSkew, minDomains: constraint.minDomains ?? 1, query, self: 1, counts: countingNodes(pod, constraint) }));
}

function own(spec: corev1.TopologySpreadConstraint, pod: PodInfo): Constraint {
  const selector = withLabelKeys(spec.labelSelector, pod.labels, spec.matchLabelKeys);
  return {
    topologyKey: spec.topologyKey, maxSkew: spec.maxSkew, minDomains: spec.minDomains ?? 1,
    query: { terms: [{ namespaces: [pod.namespace], selector }], onlyStaying: true },
    self: matchesLabelSelector(selector, pod.labels) ? 1 : 0,
    counts: countingNodes(pod, spec),
  };
}

function countingNodes(pod: PodInfo, { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' }: DefaultConstraint): Constraint['counts'] {
  const byAffinity = nodeAffinityPolicy === 'Honor' && selectsNodes(pod.spec);
  const honorTaints = nodeTaintsPolicy === 'Honor';
  if (!byAffinity && !honorTaints) return undefined;
  return (node) => (!byAffinity || matchesNodeSelection(pod.spec, node)) && (!honorTaints || node.hardTaints.every((taint) => tolerates(pod.spec.tolerations, taint)));
}

const selectingControllers = new Set(['ReplicaSet', 'ReplicationController', 'StatefulSet']);

/** The pods that belong with this one, by its controller or its Services (upstream's DefaultSelector). */
function siblings(pod: PodInfo, state: ClusterState): PodQuery | undefined {
  const controller = pod.pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (controller !== undefined && selectingControllers.has(controller.kind)) return { terms: [], controller: controller.uid, onlyStaying: true };
  const selectors = state.objects.services.list(pod.namespace).flatMap(({ spec }) => {
    const selector = spec?.selector;
    return selector !== undefined && Object.keys(selector).length > 0 && matchesLabelSelector({ matchLabels: selector }, pod.labels) ? [selector] : [];
  });
  if (selectors.length === 0) return undefined;
  return { terms: [{ namespaces: [pod.namespace], selector: { matchLabels: Object.assign({}, ...selectors) as Record<string, string> } }], onlyStaying: true };
}
