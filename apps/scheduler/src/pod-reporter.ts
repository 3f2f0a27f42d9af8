import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';

/** Records events; see libs/reconcile. */
export interface Events {
  event(object: corev1.Pod, type: 'Normal' | 'Warning', reason: string, message: string, action?: string): void;
}

export interface PodReporterDeps {
  readonly client: ApiClient;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells users what became of a pod: events, and the condition PodScheduled. Never throws, never delays a decision. */
export class PodReporter {
  constructor(private readonly deps: PodReporterDeps) {}

  scheduled(pod: corev1.Pod, node: string): void {
    this.deps.events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} to ${node}`, 'Binding');
  }

  unschedulable(pod: corev1.Pod, message: string): void {
    this.deps.events.event(pod, 'Warning', 'FailedScheduling', message, 'Scheduling');
    const known = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
    if (known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message) return;
    void this.#setCondition(pod, message, known);
  }

  async #setCondition(pod: corev1.Pod, message: string, known: corev1.PodCondition | undefined): Promise<void> {
    const { client, clock, log } = this.deps;
    const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const condition: corev1.PodCondition = {
      type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message,
      lastTransitionTime: known?.status === 'False' ? (known.lastTransitionTime ?? now) : now,
    };
    const key = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '' };
    try {
      await client.patch(core.pods, key, 'strategic', { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } }, { subresource: 'status' });
    } catch (error) {
      // The pod went or was bound meanwhile: then the condition is not wanted any more.
      if (!isNotFound(error) && !isConflict(error)) log.warn({ pod: key, err: error }, 'the reason why a pod waits could not be written to its status');
    }
  }
}
