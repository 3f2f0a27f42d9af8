import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type PodAction } from './pod-action';
import { type PodExecutor } from './pod-executor';
import { type PodResizing } from './pod-resizing';
import { type ResizeMetrics } from './resize-metrics';
import { type RuntimeView } from './runtime-view';

export interface ResizeActionsDeps {
  readonly executor: PodExecutor;
  readonly clock: Clock;
  readonly resizing: PodResizing;
  readonly metrics: { readonly resizes: ResizeMetrics };
  readonly pod: () => corev1.Pod;
  /** All containers have what is set aside for them. */
  readonly onResized: () => void;
}

/** Gives a pod and its running containers what is set aside for them. */
export class ResizeActions {
  /** Parts that are under way now: together they are one resize of the pod. */
  #parts: { readonly sinceMs: number; under: number; failed: boolean } | undefined;

  constructor(private readonly deps: ResizeActionsDeps, private readonly view: () => RuntimeView) {}

  async container({ container, containerId, from }: PodAction & { kind: 'resizeContainer' }): Promise<void> {
    const { executor, resizing } = this.deps;
    const pod = this.deps.pod();
    await this.#part(async () => {
      await executor.resizeContainer(pod, container, containerId, { from, held: resizing.held(pod, this.view().containers) });
      resizing.resized(containerId, pod, container.resources);
    });
  }

  /** What the pod has beside its containers' own. */
  async pod(): Promise<void> {
    const { executor, resizing } = this.deps;
    const pod = this.deps.pod();
    const sandbox = this.view().sandboxes[0];
    if (!sandbox) return;
    const { changes } = resizing;
    await this.#part(async () => {
      await executor.resizePod(pod, resizing.given(pod, this.view().containers), sandbox.id);
      resizing.gavePod(pod, changes);
    });
  }

  /** Makes the pod's own cgroup fit what its containers have. */
  async fit(): Promise<void> {
    const { executor, resizing, pod } = this.deps;
    const { changes } = resizing;
    await executor.fitPod(pod());
    resizing.fitted(changes);
  }

  /** One part of a resize; it is over with the last, or as soon as one fails. */
  async #part(act: () => Promise<void>): Promise<void> {
    const { clock, metrics, resizing, onResized } = this.deps;
    this.#parts ??= { sinceMs: clock.now(), under: 0, failed: false };
    const all = this.#parts;
    all.under++;
    try {
      await act();
    } catch (error) {
      all.failed = true;
      throw error;
    } finally {
      if (--all.under === 0 && (all.failed || resizing.podHasItsOwn)) {
        this.#parts = undefined;
        metrics.resizes.actuated(clock.now() - all.sinceMs, !all.failed);
        if (!all.failed) onResized();
      }
    }
  }
}
