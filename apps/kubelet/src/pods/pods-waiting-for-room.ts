import { type corev1 } from '@navarch/api';
import { uidOf } from './pod-spec';

/** Pods that wait for the end of some others, whose room they need; nobody else does. */
export class PodsWaitingForRoom {
  readonly #waiting = new Map<string, { pod: corev1.Pod; readonly others: Set<string> }>();

  add(pod: corev1.Pod, others: readonly string[]): void {
    this.#waiting.set(uidOf(pod), { pod, others: new Set(others) });
  }

  /** Notes a newer object of a pod; false where it does not wait, or not any more, as it is deleted. */
  update(pod: corev1.Pod): boolean {
    const wait = this.#waiting.get(uidOf(pod));
    if (!wait) return false;
    wait.pod = pod;
    return pod.metadata.deletionTimestamp === undefined || !this.#waiting.delete(uidOf(pod));
  }

  forget(uid: string): void {
    this.#waiting.delete(uid);
  }

  /** A pod has ended: those that waited for it and no other may begin. */
  left(uid: string): corev1.Pod[] {
    const ready: corev1.Pod[] = [];
    for (const [waiting, { pod, others }] of this.#waiting) {
      if (!others.delete(uid) || others.size > 0) continue;
      this.#waiting.delete(waiting);
      ready.push(pod);
    }
    return ready;
  }
}
