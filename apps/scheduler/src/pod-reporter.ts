import { core, type corev1 } from '@navarch/api';
import { formatTime, isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';

/** So much a note of events.k8s.io may say. */
const noteLength = 1024;

/** Records events; see libs/reconcile. */
export interface Events {
  event(object: corev1.Pod, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface PodReporterDeps {
  readonly client: Pick<ApiClient, 'patch'>;
  /** By the name of the scheduler that speaks. */
  readonly eventsFor: (schedulerName: string) => Events;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Tells users what became of a pod: events, and the condition PodScheduled. Never throws, never delays a decision. */
export class PodReporter {
  constructor(private readonly deps: PodReporterDeps) {}

  scheduled(pod: corev1.Pod, node: string): void {
    this.#events(pod).event(pod, 'Normal', 'Scheduled', `Successfully assigned ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} to ${node}`);
  }

  /** @returns whether the status says so now; `nominated` is the node where room is being made, '' takes that back */
  async unschedulable(pod: corev1.Pod, message: string, nominated?: string): Promise<boolean> {
    this.#failedEvent(pod, message);
    return this.#setCondition(pod, { reason: 'Unschedulable', message }, nominated);
  }

  /** Something failed that is not the pod's fault. @param nominated as of `unschedulable` */
  failed(pod: corev1.Pod, error: unknown, nominated?: string): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failedEvent(pod, message);
    void this.#setCondition(pod, { reason: 'SchedulerError', message }, nominated);
  }

  /** The pod has a node, and drivers have something to do to its devices before it can be bound there. */
  waitsForDevices(pod: corev1.Pod, node: string): void {
    this.#events(pod).event(pod, 'Normal', 'BindingConditionsPending', `waiting for binding conditions for device on node ${node}`);
  }

  /** A PreEnqueue plug-in keeps the pod out of the queue; the API server says so itself of scheduling gates. */
  gated(pod: corev1.Pod, plugin: string, message: string): void {
    if (plugin !== 'SchedulingGates') void this.#setCondition(pod, { reason: 'Unschedulable', message });
    else void this.#setCondition(pod, { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' });
  }

  /** An event has room for less than a condition. */
  #failedEvent(pod: corev1.Pod, message: string): void {
    this.#events(pod).event(pod, 'Warning', 'FailedScheduling', message.length <= noteLength ? message : `${message.slice(0, noteLength - 4)} ...`);
  }

  #events(pod: corev1.Pod): Events {
    return this.deps.eventsFor(pod.spec?.schedulerName ?? 'default-scheduler');
  }

  async #setCondition(pod: corev1.Pod, { reason, message }: { readonly reason: string; readonly message: string }, nominated?: string): Promise<boolean> {
    const { client, clock, log, signal } = this.deps;
    const known = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
    const isNominated = nominated === undefined || nominated === (pod.status?.nominatedNodeName ?? '');
    if (known?.status === 'False' && known.reason === reason && (known.message ?? '') === message && isNominated) return true;
    const now = formatTime(clock.now());
    const condition: corev1.PodCondition = {
      type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime: known?.status === 'False' ? (known.lastTransitionTime ?? now) : now,
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    };
    const key = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '' };
    const nomination = isNominated ? {} : { nominatedNodeName: nominated === '' ? null : nominated };
    try {
      await client.patch(core.pods, key, 'strategic', { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition], ...nomination } }, { subresource: 'status', signal });
      return true;
    } catch (error) {
      // The pod went or was bound meanwhile: then the condition is not wanted any more.
      if (!isNotFound(error) && !isConflict(error) && !signal.aborted) log.warn({ pod: key, err: error }, 'the reason why a pod waits could not be written to its status');
      return false;
    }
  }
}
