import { type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { initContainersOf, containersOf } from './pod-spec';
import { type PendingResize } from './resize';

/** Why pods that wait for room are looked at again, in upstream's words. */
export type ResizeTrigger = 'pod_updated' | 'pods_added' | 'pods_removed' | 'pod_resized' | 'periodic_retry';

/** One change that a resize asks of a container. */
export interface ResizeRequest {
  readonly resource: 'cpu' | 'memory';
  readonly requirement: 'requests' | 'limits';
  readonly operation: 'add' | 'remove' | 'increase' | 'decrease';
}

/** How many pods are on their way to other resources. */
export interface ResizeTotals {
  readonly pending: readonly PendingResize['reason'][];
  readonly inProgress: number;
}

/** What a newer object asks of each container that it has in common with the older one. */
export function resizeRequests(before: corev1.Pod, after: corev1.Pod): ResizeRequest[] {
  const old = new Map([...initContainersOf(before), ...containersOf(before)].map(({ name, resources }) => [name, resources]));
  return [...initContainersOf(after), ...containersOf(after)]
    .filter(({ name }) => old.has(name))
    .flatMap(({ name, resources }) =>
      (['cpu', 'memory'] as const).flatMap((resource) =>
        (['requests', 'limits'] as const).flatMap((requirement) => {
          const operation = change(old.get(name)?.[requirement]?.[resource], resources?.[requirement]?.[resource]);
          return operation ? [{ resource, requirement, operation }] : [];
        }),
      ),
    );
}

function change(from: string | undefined, to: string | undefined): ResizeRequest['operation'] | undefined {
  if (from === undefined) return to === undefined ? undefined : 'add';
  if (to === undefined) return 'remove';
  const order = compareQuantities(parseQuantity(to), parseQuantity(from));
  return order === 0 ? undefined : order > 0 ? 'increase' : 'decrease';
}

/** In-place resizes, by upstream's names and labels. */
export class ResizeMetrics {
  readonly #requested: Counter<keyof ResizeRequest>;
  readonly #actuatedMs: Histogram<'success'>;
  readonly #infeasible: Counter<'reason_detail'>;
  readonly #acceptedLate: Counter<'retry_trigger'>;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.#requested = new Counter({
      name: 'kubelet_container_requested_resizes_total',
      help: "Number of requested resizes, counted at the container level. Different resources on the same container are counted separately. The 'requirement' label refers to 'memory' or 'limits'; the 'operation' label can be one of 'add', 'remove', 'increase' or 'decrease'.",
      labelNames: ['resource', 'requirement', 'operation'],
      registers,
    });
    this.#actuatedMs = new Histogram({
      name: 'kubelet_pod_resize_duration_milliseconds',
      help: 'Duration in milliseconds to actuate a pod resize',
      labelNames: ['success'],
      buckets: [10, 50, 100, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000],
      registers,
    });
    this.#infeasible = new Counter({ name: 'kubelet_pod_infeasible_resizes_total', help: 'Number of infeasible resizes for pods.', labelNames: ['reason_detail'], registers });
    this.#acceptedLate = new Counter({
      name: 'kubelet_pod_deferred_accepted_resizes_total',
      help: 'Cumulative number of resizes that were accepted after being deferred.',
      labelNames: ['retry_trigger'],
      registers,
    });
  }

  requested(changes: readonly ResizeRequest[]): void {
    for (const { resource, requirement, operation } of changes) this.#requested.inc({ resource, requirement, operation });
  }

  infeasible(detail: string): void {
    this.#infeasible.inc({ reason_detail: detail });
  }

  /** One that had waited for room has got it. */
  acceptedLate(trigger: ResizeTrigger): void {
    this.#acceptedLate.inc({ retry_trigger: trigger });
  }

  /** Containers of a pod were given other resources, or could not be. */
  actuated(ms: number, success: boolean): void {
    this.#actuatedMs.observe({ success: String(success) }, ms);
  }

  /** Shows totals as they are when somebody looks. */
  follow(totals: () => ResizeTotals): void {
    const registers = [this.registry];
    const pending: Gauge<'reason'> = new Gauge({
      name: 'kubelet_pod_pending_resizes', help: 'Number of pending resizes for pods.', labelNames: ['reason'], registers,
      collect: () => {
        const reasons = totals().pending;
        for (const reason of ['Deferred', 'Infeasible']) pending.set({ reason: reason.toLowerCase() }, reasons.filter((each) => each === reason).length);
      },
    });
    const inProgress: Gauge = new Gauge({ name: 'kubelet_pod_in_progress_resizes', help: 'Number of in-progress resizes for pods.', registers, collect: () => inProgress.set(totals().inProgress) });
  }
}
