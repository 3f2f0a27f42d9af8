import { type corev1 } from '@navarch/api';
import { allocationFromStatus, allocationOf, heldResources, planResize, withAllocation, type PendingResize, type PodAllocation } from './resize';
import { type ContainerView, type RuntimeView } from './runtime-view';

/** What came of looking at a pod's resources anew, for events. */
export interface ResizeNews {
  /** The allocation is new: what is now set aside, by container. */
  readonly started?: PodAllocation;
  /** It had waited for room before. */
  readonly late?: boolean;
  /** Why there is no room, where that was not known before. */
  readonly pending?: PendingResize;
}

/** Where a pod's resources are on their way from its spec to its containers. */
export class PodResizing {
  #allocation: PodAllocation;
  #pending: PendingResize | undefined;
  #pendingSinceMs = 0;
  #error: string | undefined;
  /** What `held` last said, of what; undefined once that is not true any more. */
  #held: { readonly of: corev1.Pod; readonly containers: readonly ContainerView[]; readonly pod: corev1.Pod } | undefined;
  /** What running containers were given, by id. */
  readonly #applied = new Map<string, corev1.ResourceRequirements>();

  constructor(pod: corev1.Pod, view: RuntimeView) {
    this.#allocation = view.containers.length > 0 ? allocationFromStatus(pod) : allocationOf(pod);
    for (const { id, name, state } of view.containers) if (state === 'running' && this.#allocation[name]) this.#applied.set(id, this.#allocation[name]);
  }

  /** A resize that waits for room, or one that fails. */
  get shown(): { readonly pending?: PendingResize; readonly error?: string } {
    return { ...(this.#pending ? { pending: this.#pending } : {}), ...(this.#error === undefined ? {} : { error: this.#error }) };
  }

  /** Since when it waits for room that may come; undefined where it does not. */
  get deferredSinceMs(): number | undefined {
    return this.#pending?.reason === 'Deferred' ? this.#pendingSinceMs : undefined;
  }

  /** The pod with what is set aside for it. */
  allocated(pod: corev1.Pod): corev1.Pod {
    return withAllocation(pod, this.#allocation);
  }

  /** The pod with all that it keeps from others: what its containers still have, too. */
  held(pod: corev1.Pod, containers: readonly ContainerView[]): corev1.Pod {
    // Every new pod on the node asks this of all the others.
    if (this.#held?.of !== pod || this.#held.containers !== containers) this.#held = { of: pod, containers, pod: this.#holding(pod, containers) };
    return this.#held.pod;
  }

  #holding(pod: corev1.Pod, containers: readonly ContainerView[]): corev1.Pod {
    const given = containers.flatMap(({ id, name, state }) => {
      const [applied, allocated] = [this.#applied.get(id), this.#allocation[name]];
      return state === 'running' && applied && allocated ? [[name, heldResources(applied, allocated)] as const] : [];
    });
    return withAllocation(pod, { ...this.#allocation, ...Object.fromEntries(given) });
  }

  /** Sets aside what the spec newly asks for, if there is room. */
  follow(pod: corev1.Pod, room: () => PendingResize | undefined, nowMs: number): ResizeNews {
    this.#held = undefined;
    const before = this.#pending;
    const plan = planResize(pod, this.#allocation, room);
    this.#allocation = plan.allocation;
    this.#pending = plan.pending;
    if (before?.reason !== plan.pending?.reason) this.#pendingSinceMs = nowMs;
    if (plan.accepted) this.#error = undefined;
    return {
      ...(plan.accepted ? { started: plan.allocation, late: before?.reason === 'Deferred' } : {}),
      ...(plan.pending && plan.pending.message !== before?.message ? { pending: plan.pending } : {}),
    };
  }

  /** What a running container was given; undefined if that is not known. */
  applied(containerId: string): corev1.ResourceRequirements | undefined {
    return this.#applied.get(containerId);
  }

  gave(containerId: string, resources: corev1.ResourceRequirements | undefined): void {
    this.#applied.set(containerId, resources ?? {});
    this.#held = undefined;
    this.#error = undefined;
  }

  failed(message: string): void {
    this.#error = message;
  }
}
