import type { PodInfo } from './pod-info';

const none: readonly PodInfo[] = [];

/** Pods for which room is being made on a node: others of their priority or less must not take it. */
export class Nominations {
  readonly #nodeOf = new Map<string, { node: string; pod: PodInfo }>();
  readonly #on = new Map<string, PodInfo[]>();

  get size(): number {
    return this.#nodeOf.size;
  }

  on(node: string): readonly PodInfo[] {
    return this.#nodeOf.size === 0 ? none : (this.#on.get(node) ?? none);
  }

  /** '' if room is made for it nowhere. */
  nodeOf({ uid, nominatedNode }: PodInfo): string {
    return this.#nodeOf.get(uid)?.node ?? nominatedNode;
  }

  set(pod: PodInfo, node: string): void {
    this.delete(pod.uid);
    this.#nodeOf.set(pod.uid, { node, pod });
    this.#on.set(node, [...this.on(node), pod]);
  }

  delete(uid: string): void {
    const node = this.#nodeOf.get(uid)?.node;
    if (node === undefined) return;
    const left = this.on(node).filter((pod) => pod.uid !== uid);
    this.#nodeOf.delete(uid);
    if (left.length > 0) this.#on.set(node, left);
    else this.#on.delete(node);
  }
}
