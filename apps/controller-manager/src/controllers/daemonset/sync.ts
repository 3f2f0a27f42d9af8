import type { appsv1, corev1 } from '@navarch/api';
import { isPodAvailable, isPodReady, isPodTerminal } from '@navarch/reconcile';
import { isUpdated, targetNodeOf } from './daemon-pod';
import { nodeFit } from './node-fit';
import { allowsSurge, planRollout } from './rollout';

/** Most pods made or removed in one go, as upstream's BurstReplicas. */
const BURST = 250;

export interface ObservedDaemonSet {
  readonly daemonSet: appsv1.DaemonSet;
  readonly nodes: readonly corev1.Node[];
  /** Those it owns. */
  readonly pods: readonly corev1.Pod[];
  /** Of the present template. */
  readonly hash: string;
  readonly nowMs: number;
  /** Milliseconds that a node whose pod failed must still wait for the next. */
  readonly backOffMs: (node: string) => number;
}

export interface DaemonEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface DaemonSetPlan {
  /** Nodes that lack a pod. */
  readonly create: readonly string[];
  readonly remove: readonly corev1.Pod[];
  readonly events: readonly DaemonEvent[];
  /** Nodes whose pod failed and is replaced: they wait longer the next time. */
  readonly failedOn: readonly string[];
  readonly againAfterMs?: number;
}

/**
 * Pods by the node they are on or for; the oldest first, those that run before those that do not. One that is over and on its way
 * out keeps no place, as upstream's getNodesToDaemonPods.
 */
export function podsByNode(pods: readonly corev1.Pod[]): Map<string, corev1.Pod[]> {
  const byNode = new Map<string, corev1.Pod[]>();
  for (const pod of [...pods].sort(byAge)) {
    const node = targetNodeOf(pod);
    if (node === undefined || (isPodTerminal(pod) && !isStaying(pod))) continue;
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, [pod]);
    else known.push(pod);
  }
  return byNode;
}

function byAge(a: corev1.Pod, b: corev1.Pod): number {
  const bound = ({ spec }: corev1.Pod): number => (spec?.nodeName === undefined || spec.nodeName === '' ? 1 : 0);
  const born = ({ metadata }: corev1.Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return bound(a) - bound(b) || born(a) - born(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
}

/** First a pod on every node that should have one and none elsewhere; when that is so, the roll-out goes on. */
export function planDaemonSet(observed: ObservedDaemonSet): DaemonSetPlan {
  const placed = placePods(observed);
  const isPlaced = placed.create.length === 0 && placed.remove.length === 0;
  const { create, remove } = isPlaced && observed.daemonSet.spec?.updateStrategy?.type !== 'OnDelete' ? planRollout(observed, podsByNode(observed.pods)) : placed;
  return { ...placed, create: create.slice(0, BURST), remove: remove.slice(0, BURST) };
}

function placePods(observed: ObservedDaemonSet): DaemonSetPlan {
  const { daemonSet, nodes, pods } = observed;
  const byNode = podsByNode(pods);
  const plan = { create: [] as string[], remove: [] as corev1.Pod[], events: [] as DaemonEvent[], failedOn: [] as string[] };
  const waits: number[] = [];
  for (const node of nodes) {
    const { name = '' } = node.metadata;
    const here = byNode.get(name) ?? [];
    byNode.delete(name);
    const { run, stay } = nodeFit(daemonSet, node);
    // With surge a new one does not wait until the last is gone.
    if (run && (allowsSurge(daemonSet) ? !here.some(isStaying) : here.length === 0)) plan.create.push(name);
    else if (!stay) plan.remove.push(...here.filter(isStaying));
    else waits.push(...keepOne(observed, name, here, plan));
  }
  // Nodes that are gone will run no pod that waits for them.
  for (const stray of [...byNode.values()].flat()) if ((stray.spec?.nodeName ?? '') === '' && isStaying(stray)) plan.remove.push(stray);
  return waits.length === 0 ? plan : { ...plan, againAfterMs: Math.min(...waits) };
}

const isStaying = ({ metadata }: corev1.Pod): boolean => metadata.deletionTimestamp === undefined;

/** Removes what is over and what is too much on a node that may have a pod; answers with how long failed ones must wait. */
function keepOne({ daemonSet, hash, nowMs, backOffMs }: ObservedDaemonSet, node: string, here: readonly corev1.Pod[], plan: { remove: corev1.Pod[]; events: DaemonEvent[]; failedOn: string[] }): number[] {
  const running: corev1.Pod[] = [];
  const waits: number[] = [];
  for (const pod of here.filter(isStaying)) {
    const found = `daemon pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} on node ${node}`;
    if (pod.status?.phase === 'Failed') {
      const waitMs = backOffMs(node);
      if (waitMs > 0) {
        waits.push(waitMs);
        continue;
      }
      plan.events.push({ type: 'Warning', reason: 'FailedDaemonPod', message: `Found failed ${found}, will try to kill it` });
      plan.failedOn.push(node);
      plan.remove.push(pod);
    } else if (pod.status?.phase === 'Succeeded') {
      plan.events.push({ type: 'Normal', reason: 'SucceededDaemonPod', message: `Found succeeded ${found}, will try to delete it` });
      plan.remove.push(pod);
    } else running.push(pod);
  }
  if (running.length > 1) plan.remove.push(...(allowsSurge(daemonSet) ? surplusOfSurge(running, daemonSet, hash, nowMs) : running.slice(1)));
  return waits;
}

/** With surge a node has one old and one new pod for a while: until the new one is available, or the old one is not ready. */
function surplusOfSurge(running: readonly corev1.Pod[], daemonSet: appsv1.DaemonSet, hash: string, nowMs: number): corev1.Pod[] {
  const fresh = running.filter((pod) => isUpdated(pod, daemonSet, hash));
  const old = running.filter((pod) => !isUpdated(pod, daemonSet, hash));
  const surplus = [...fresh.slice(1), ...old.slice(1)];
  const [newest, oldest] = [fresh[0], old[0]];
  if (newest !== undefined && oldest !== undefined && (!isPodReady(oldest) || isPodAvailable(newest, daemonSet.spec?.minReadySeconds ?? 0, nowMs))) surplus.push(oldest);
  return surplus;
}
