import { type corev1 } from '@navarch/api';
import { isStaticPod, uidOf } from './pod-spec';

/**
 * Pods that the runtime had when this kubelet began, and the API has not: they may hold what a new pod needs, so all
 * that is new waits for their end.
 */
export class LeftoverPods {
  readonly #leaving = new Set<string>();
  readonly #held = new Map<string, corev1.Pod>();

  found(uid: string): void {
    this.#leaving.add(uid);
  }

  /** Keeps a pod back while there are leftovers; false where it may begin. What is deleted already has nothing to wait for. */
  holdsBack(pod: corev1.Pod): boolean {
    const wasHeld = this.#held.delete(uidOf(pod));
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    if (!wasHeld && (this.#leaving.size === 0 || isStaticPod(pod))) return false;
    this.#held.set(uidOf(pod), pod);
    return true;
  }

  /** A pod that nobody wants any more waits no longer. */
  forget(uid: string): void {
    this.#held.delete(uid);
  }

  /** One has ended, or is wanted after all: with the last, those that waited may begin. */
  left(uid: string): corev1.Pod[] {
    if (!this.#leaving.delete(uid) || this.#leaving.size > 0) return [];
    const held = [...this.#held.values()];
    this.#held.clear();
    return held;
  }
}
