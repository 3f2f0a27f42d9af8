import { type corev1 } from '@navarch/api';
import { allocationFromStatus, allocationOf, effectiveResources, heldResources, planResize, sameAllocation, sameResources, withAllocation, type PendingResize, type PodAllocation } from './resize';
import { type GivenResources } from './resize-conditions';
import { type ContainerView, type RuntimeView } from './runtime-view';

/** What came of looking at a pod's resources anew, for events. */
export interface ResizeNews {
  /** The allocation is new. */
  readonly started: boolean;
  /** It had waited for room before. */
  readonly late?: boolean;
  /** Why there is no room, where that was not known before. */
  readonly pending?: PendingResize;
}

interface Given {
  readonly own: corev1.ResourceRequirements;
  readonly ofPod: corev1.ResourceRequirements | undefined;
}

/** Where a pod's resources are on their way from its spec to its containers. */
export class PodResizing {
  #allocation: PodAllocation;
  #pending: PendingResize | undefined;
  #pendingSinceMs = 0;
  #error: string | undefined;
  /** What running containers were given, by id, and within what of their pod. */
  readonly #applied = new Map<string, Given>();
  /** What the pod as a whole was given. */
  #appliedPod: corev1.ResourceRequirements | undefined;
  /** The pod's group is no wider than it must be. */
  #podFits = true;
  /** Its containers ran before this kubelet did: one that died in the midst of a resize has left the group wide. */
  #podMayBeWide: boolean;
  #changes = 0;
  /** What `held` last said, of what; undefined once that is not true any more. */
  #held: { readonly of: corev1.Pod; readonly containers: readonly ContainerView[]; readonly pod: corev1.Pod } | undefined;

  constructor(pod: corev1.Pod, view: RuntimeView) {
    this.#allocation = view.containers.length > 0 ? allocationFromStatus(pod) : allocationOf(pod);
    this.#appliedPod = this.#allocation.pod;
    this.#podMayBeWide = view.containers.some(({ state }) => state === 'running');
    for (const { id, name, state } of view.containers) {
      const own = this.#allocation.containers[name];
      if (state === 'running' && own) this.#applied.set(id, { own, ofPod: this.#allocation.pod });
    }
  }

  /** A resize that waits for room, or one that fails. */
  get shown(): { readonly pending?: PendingResize; readonly error?: string } {
    return { ...(this.#pending ? { pending: this.#pending } : {}), ...(this.#error === undefined ? {} : { error: this.#error }) };
  }

  /** What of it has reached the containers and the pod. */
  get resources(): GivenResources {
    return { applied: (id) => this.applied(id), podHasItsOwn: this.podHasItsOwn };
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
    const { pod: ofPod } = this.#allocation;
    return this.#with(pod, containers, this.#appliedPod && ofPod ? heldResources(this.#appliedPod, ofPod) : ofPod, heldResources);
  }

  /** As `held`, for a group in which a container is about to start beside others that still have more: it is made no narrower for that, and fitted once they have less. */
  heldAtStart(pod: corev1.Pod, containers: readonly ContainerView[]): corev1.Pod {
    const held = this.held(pod, containers);
    if (!sameAllocation(allocationOf(held), allocationOf(pod))) this.#podMayBeWide = true;
    return held;
  }

  /** The pod with what it and its containers were given, which is what their groups have. */
  given(pod: corev1.Pod, containers: readonly ContainerView[]): corev1.Pod {
    return this.#with(pod, containers, this.#appliedPod, (applied) => applied);
  }

  #with(
    pod: corev1.Pod,
    containers: readonly ContainerView[],
    ofPod: corev1.ResourceRequirements | undefined,
    of: (applied: corev1.ResourceRequirements, allocated: corev1.ResourceRequirements) => corev1.ResourceRequirements,
  ): corev1.Pod {
    const own = containers.flatMap(({ id, name, state }) => {
      const [applied, allocated] = [this.#applied.get(id)?.own, this.#allocation.containers[name]];
      return state === 'running' && applied && allocated ? [[name, of(applied, allocated)] as const] : [];
    });
    return withAllocation(pod, { pod: ofPod, containers: { ...this.#allocation.containers, ...Object.fromEntries(own) } });
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
      started: plan.accepted,
      ...(plan.accepted ? { late: before?.reason === 'Deferred' } : {}),
      ...(plan.pending && plan.pending.message !== before?.message ? { pending: plan.pending } : {}),
    };
  }

  /** What a running container was given for itself; undefined if that is not known. */
  own(containerId: string): corev1.ResourceRequirements | undefined {
    return this.#applied.get(containerId)?.own;
  }

  /** What a running container was given, what it has of its pod included; undefined if that is not known. */
  applied(containerId: string): corev1.ResourceRequirements | undefined {
    const given = this.#applied.get(containerId);
    return given && effectiveResources({ resources: given.own }, given.ofPod);
  }

  /** Whether the pod's own group has what is set aside for the pod. */
  get podHasItsOwn(): boolean {
    return this.#podFits && sameResources(this.#appliedPod ?? {}, this.#allocation.pod ?? {});
  }

  /** Whether the pod's own group may be wider than it must be, though nothing says so. */
  get podMayBeWide(): boolean {
    return this.#podMayBeWide;
  }

  /** How often containers were given anything: while that goes on, what the pod's group is given is made for others than there are in the end. */
  get changes(): number {
    return this.#changes;
  }

  /** `pod`: as it was when the container was given that. */
  gave(containerId: string, pod: corev1.Pod, resources: corev1.ResourceRequirements | undefined): void {
    this.#applied.set(containerId, { own: resources ?? {}, ofPod: pod.spec?.resources });
    this.#changes++;
    this.#held = undefined;
    this.#error = undefined;
  }

  /** As `gave`, to a container that ran; the pod's group was widened for that. */
  resized(containerId: string, pod: corev1.Pod, resources: corev1.ResourceRequirements | undefined): void {
    this.gave(containerId, pod, resources);
    this.#podFits = false;
  }

  /** `changes`: as many as there had been when that began. */
  gavePod(pod: corev1.Pod, changes: number): void {
    this.#appliedPod = pod.spec?.resources;
    this.#podFits = changes === this.#changes;
    this.fitted(changes);
    this.#held = undefined;
    this.#error = undefined;
  }

  /** The pod's group was made anew for what was set aside for it all the time. */
  fitted(changes: number): void {
    if (changes === this.#changes) this.#podMayBeWide = false;
  }

  failed(message: string): void {
    this.#error = message;
  }
}
