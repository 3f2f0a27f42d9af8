import type { corev1 } from '@navarch/api';
import { NodeInfo } from './node-info';
import { hasAffinity, isTerminal, podInfo, type PodInfo } from './pod-info';

/**
 * Nodes and the pods placed on them, kept level event by event. A scheduling cycle is synchronous, so it reads this directly:
 * nothing is copied. Pods whose node is not known (yet) are kept aside.
 */
export class ClusterState {
  readonly #nodes = new Map<string, NodeInfo>();
  /** In a stable order, for fair rotation. */
  #list: NodeInfo[] = [];
  /** Where each placed pod is counted. */
  readonly #placed = new Map<string, { node: string; pod: PodInfo; assumed: boolean }>();
  #placedWithAffinity = 0;
  readonly #namespaceLabels = new Map<string, Readonly<Record<string, string>>>();

  get nodes(): readonly NodeInfo[] {
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  namespaceLabels(namespace: string): Readonly<Record<string, string>> {
    return this.#namespaceLabels.get(namespace) ?? {};
  }

  setNamespace(namespace: corev1.Namespace): void {
    this.#namespaceLabels.set(namespace.metadata.name ?? '', namespace.metadata.labels ?? {});
  }

  removeNamespace(name: string): void {
    this.#namespaceLabels.delete(name);
  }

  setNode(node: corev1.Node): void {
    const name = node.metadata.name ?? '';
    const known = this.#nodes.get(name);
    if (known !== undefined) {
      known.node = node;
      return;
    }
    const info = new NodeInfo(name, node);
    for (const placed of this.#placed.values()) if (placed.node === name) info.addPod(placed.pod);
    this.#nodes.set(name, info);
    this.#list = [...this.#nodes.values()];
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
    this.#list = [...this.#nodes.values()];
  }

  /** A pod as the API shows it: counted where it is bound, until it has ended. */
  setPod(pod: corev1.Pod): void {
    const uid = pod.metadata.uid ?? '';
    const node = pod.spec?.nodeName ?? '';
    if (isTerminal(pod)) {
      this.removePod(uid);
      return;
    }
    if (node !== '') this.#place(podInfo(pod), node, false);
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    if (hasAffinity(placed.pod)) this.#placedWithAffinity -= 1;
    this.#nodes.get(placed.node)?.removePod(uid);
  }

  /** Counts a pod on a node before its binding is confirmed. */
  assume(pod: PodInfo, node: string): void {
    this.#place(pod, node, true);
  }

  /** The binding failed. Does nothing if the API meanwhile showed the pod as bound. */
  forget(uid: string): void {
    if (this.#placed.get(uid)?.assumed === true) this.removePod(uid);
  }

  isPlaced(uid: string): boolean {
    return this.#placed.has(uid);
  }

  get placedPods(): number {
    return this.#placed.size;
  }

  /** Whether any placed pod has affinity or anti-affinity; mostly none has, and then no node need be looked at. */
  get hasPodsWithAffinity(): boolean {
    return this.#placedWithAffinity > 0;
  }

  #place(pod: PodInfo, node: string, assumed: boolean): void {
    this.removePod(pod.uid);
    this.#placed.set(pod.uid, { node, pod, assumed });
    if (hasAffinity(pod)) this.#placedWithAffinity += 1;
    this.#nodes.get(node)?.addPod(pod);
  }
}
