import { type corev1 } from '@navarch/api';
import { type PodResizing } from './pod-resizing';
import { type PodWorkerDeps } from './pod-worker-deps';
import { sameResources, type PendingResize } from './resize';
import { isResizing } from './resize-conditions';
import { resizeRequests, type ResizeTrigger } from './resize-metrics';
import { type WaitingResize } from './resize-order';
import { resizeText } from './resize-text';
import { type RuntimeView } from './runtime-view';

/** Where a pod's resize is, if there is one. */
export interface ResizeState {
  readonly pending?: PendingResize['reason'];
  readonly inProgress: boolean;
}

/** A pod's resizes as others see them: who is to look for room, and what is told of their beginning and end. */
export class ResizeProgress {
  /** Its spec asks for other resources than before, and nobody has looked whether there is room. */
  #asked: ResizeTrigger | undefined = 'pods_added';
  /** What is set aside has not reached all of the pod, or nobody has looked whether it has. */
  #underWay = false;

  constructor(private readonly resizing: PodResizing, private readonly deps: Pick<PodWorkerDeps, 'clock' | 'events' | 'metrics' | 'room'>) {}

  /** Why somebody is to look for room; undefined where nobody need. */
  get asked(): ResizeTrigger | undefined {
    return this.#asked;
  }

  state(pod: corev1.Pod, view: RuntimeView): ResizeState {
    const { pending } = this.resizing.shown;
    return { ...(pending ? { pending: pending.reason } : {}), inProgress: isResizing(pod, view, this.resizing.resources) };
  }

  /** The pod has a newer object. */
  updated(before: corev1.Pod, after: corev1.Pod): void {
    const requests = resizeRequests(before, after);
    this.deps.metrics.resizes.requested(requests);
    if (requests.length > 0 || !sameResources(before.spec?.resources ?? {}, after.spec?.resources ?? {})) this.#asked = 'pod_updated';
  }

  /** A resize that somebody should look whether there is room for; undefined where there is none. `held`: the pod with what is set aside for it. */
  waiting(wanted: corev1.Pod, held: corev1.Pod): WaitingResize | undefined {
    const sinceMs = this.resizing.deferredSinceMs ?? (this.#asked === undefined ? undefined : this.deps.clock.now());
    return sinceMs === undefined ? undefined : { wanted, held, sinceMs };
  }

  /** Nobody needs to look for room any more. */
  settled(): void {
    this.#asked = undefined;
  }

  /** Sets aside what the spec newly asks for, if there is room; says whether that is news. */
  try(wanted: corev1.Pod, trigger: ResizeTrigger): boolean {
    const { clock, events, metrics: { resizes } } = this.deps;
    const before = this.resizing.shown.pending;
    const { started, late, pending } = this.resizing.follow(wanted, () => this.deps.room(wanted), clock.now());
    const pod = this.resizing.allocated(wanted);
    if (late === true) resizes.acceptedLate(trigger);
    if (pending?.detail !== undefined) resizes.infeasible(pending.detail);
    if (started) events.pod(pod, 'Normal', 'ResizeStarted', `Pod resize started: ${resizeText(pod)}`);
    if (started) this.#underWay = true;
    if (pending) events.pod(pod, 'Warning', `Resize${pending.reason}`, `Pod resize ${pending.reason}: ${resizeText(wanted, pending.message)}`);
    return started || this.resizing.shown.pending?.message !== before?.message;
  }

  /** Says once that all of a resize is done. */
  note(pod: corev1.Pod, isUnderWay: boolean): void {
    if (this.#underWay && !isUnderWay) this.deps.events.pod(pod, 'Normal', 'ResizeCompleted', `Pod resize completed: ${resizeText(pod)}`);
    this.#underWay = isUnderWay;
  }
}
