import type { appsv1, corev1 } from '@navarch/api';
import { scaledIntOrPercent } from '@navarch/apimachinery';
import { isPodAvailable } from '@navarch/reconcile';
import { isUpdated } from './daemon-pod';
import { nodeFit } from './node-fit';
import type { ObservedDaemonSet } from './sync';

/** What a roll-out does next: more pods beside old ones, or fewer old ones. */
export interface RolloutStep {
  readonly create: readonly string[];
  readonly remove: readonly corev1.Pod[];
}

export function allowsSurge({ spec }: appsv1.DaemonSet): boolean {
  const { type = 'RollingUpdate', rollingUpdate } = spec?.updateStrategy ?? {};
  return type === 'RollingUpdate' && scaledIntOrPercent(rollingUpdate?.maxSurge ?? 0, 100, true) > 0;
}

/** maxSurge and maxUnavailable as counts of nodes; not both 0, or nothing could ever be replaced. */
function limits({ daemonSet }: ObservedDaemonSet, desired: number): { surge: number; unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 1 } = daemonSet.spec?.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledIntOrPercent(maxSurge, desired, true);
  const unavailable = scaledIntOrPercent(maxUnavailable, desired, true);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** The next step towards the present template. */
export function planRollout(observed: ObservedDaemonSet, byNode: ReadonlyMap<string, readonly corev1.Pod[]>): RolloutStep {
  const fits = new Map(observed.nodes.map((node) => [node.metadata.name ?? '', nodeFit(observed.daemonSet, node).run]));
  const desired = [...fits.values()].filter((run) => run).length;
  const { surge, unavailable } = limits(observed, desired);
  const nodes = [...byNode].map(([node, pods]) => nodeState(observed, node, pods));
  return surge > 0 ? surgeStep(nodes.filter(({ node }) => fits.has(node)), { maxSurge: surge, desired, runs: (node) => fits.get(node) === true }) : replaceStep(nodes, unavailable);
}

interface NodeState {
  readonly node: string;
  /** More pods than there should be, or some on their way out: no time for a step here. */
  readonly unsettled: boolean;
  readonly old?: corev1.Pod;
  readonly fresh?: corev1.Pod;
  readonly oldAvailable: boolean;
  readonly freshAvailable: boolean;
}

function nodeState({ daemonSet, hash, nowMs }: ObservedDaemonSet, node: string, pods: readonly corev1.Pod[]): NodeState {
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const fresh = staying.filter((pod) => isUpdated(pod, daemonSet, hash));
  const old = staying.filter((pod) => !isUpdated(pod, daemonSet, hash));
  const available = (pod: corev1.Pod | undefined): boolean => pod !== undefined && isPodAvailable(pod, daemonSet.spec?.minReadySeconds ?? 0, nowMs);
  return {
    node,
    unsettled: fresh.length > 1 || old.length > 1,
    ...(old[0] === undefined ? {} : { old: old[0] }),
    ...(fresh[0] === undefined ? {} : { fresh: fresh[0] }),
    oldAvailable: available(old[0]),
    freshAvailable: available(fresh[0]),
  };
}

/** Removes old pods as far as maxUnavailable allows; those that are not available anyway first, and always. */
function replaceStep(nodes: readonly NodeState[], maxUnavailable: number): RolloutStep {
  const remove: corev1.Pod[] = [];
  const candidates: corev1.Pod[] = [];
  let unavailable = 0;
  for (const { unsettled, old, fresh, oldAvailable, freshAvailable } of nodes) {
    if (unsettled || (old === undefined) === (fresh === undefined)) unavailable++;
    else if (old === undefined) unavailable += freshAvailable ? 0 : 1;
    else if (oldAvailable) candidates.push(old);
    else {
      unavailable++;
      remove.push(old);
    }
  }
  return { create: [], remove: [...remove, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))] };
}

/**
 * Makes new pods beside old ones as far as maxSurge allows; an old one goes when its successor is available. On a node that takes no
 * new pod any more the old one goes when it is not available, or when as many others are as there should be.
 */
function surgeStep(nodes: readonly NodeState[], { maxSurge, desired, runs }: { maxSurge: number; desired: number; runs: (node: string) => boolean }): RolloutStep {
  const remove: corev1.Pod[] = [];
  const create: string[] = [];
  const candidates: string[] = [];
  const leaving: corev1.Pod[] = [];
  let [surging, available] = [0, 0];
  for (const { node, unsettled, old, fresh, oldAvailable, freshAvailable } of nodes) {
    if (unsettled) {
      surging++;
      continue;
    }
    if (old === undefined ? freshAvailable : oldAvailable) available++;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (freshAvailable) remove.push(old);
      else surging++;
    } else if (!runs(node)) (oldAvailable ? leaving : remove).push(old);
    else (oldAvailable ? candidates : create).push(node);
  }
  return {
    create: [...create, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
    remove: [...remove, ...leaving.slice(0, Math.max(0, available - desired))],
  };
}
