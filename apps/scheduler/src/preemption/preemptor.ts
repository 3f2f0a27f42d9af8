import { core, type corev1 } from '@navarch/api';
import { formatTime, isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient, Informer } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { ClusterState, PodInfo } from '@navarch/scheduling';
import type { WaitingPods } from '../binding/waiting-pods';
import type { Events, PodReporter } from '../pod-reporter';
import type { SchedulingQueue } from '../queue/scheduling-queue';
import type { SchedulerMetrics } from '../scheduler-metrics';

export interface PreemptorDeps {
  readonly client: ApiClient;
  readonly pods: Informer<corev1.Pod>;
  readonly state: ClusterState;
  readonly queue: SchedulingQueue;
  readonly waiting: WaitingPods;
  readonly reporter: PodReporter;
  readonly eventsFor: (schedulerName: string) => Events;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Makes the room that a preemption decided on. */
export class Preemptor {
  readonly #atWork = new Set<string>();
  /** Those that were tried meanwhile: what made them go on may have been the last that helps them. */
  readonly #tried = new Set<string>();

  constructor(private readonly deps: PreemptorDeps) {}

  /** Room is being made for this pod: it must not ask for more meanwhile, and is tried again when that is done. */
  holdsBack(uid: string): boolean {
    if (!this.#atWork.has(uid)) return false;
    this.#tried.add(uid);
    return true;
  }

  /**
   * The node is nominated at once, so that no other decision takes the room. Then it is written down, before anybody is asked to go:
   * a successor that finds victims on their way out must know for whom. Never rejects.
   */
  async preempt(pod: PodInfo, node: string, victims: readonly PodInfo[], message: string): Promise<void> {
    this.#atWork.add(pod.uid);
    const from = performance.now();
    try {
      const done = await this.#preempt(pod, node, victims, message);
      if (done !== undefined) this.deps.metrics.madeRoom(done, performance.now() - from);
    } finally {
      this.#atWork.delete(pod.uid);
      if (this.#tried.delete(pod.uid) && !this.deps.signal.aborted) this.deps.queue.activate([pod.uid], 'PreemptionDone');
    }
  }

  /** Whether all were asked to go; undefined when nobody had to be. */
  async #preempt(pod: PodInfo, node: string, victims: readonly PodInfo[], message: string): Promise<boolean | undefined> {
    const { state, metrics, reporter, signal, queue } = this.deps;
    const displaced = state.nominations.on(node).filter((other) => other.priority < pod.priority);
    state.nominations.set(pod, node);
    for (const other of displaced) this.#displace(other);
    if (!(await reporter.unschedulable(pod.pod, message, node)) || signal.aborted) return false;
    const leaving = victims.filter((victim) => this.#current(victim) !== undefined);
    if (leaving.length === 0) return undefined;
    metrics.preempted(victims.length);
    // The last one stays when another could not be asked: the preemptor may find room elsewhere, and should take no more than it must.
    const done = (await this.#removeAll(leaving.slice(0, -1), pod, node)) && (await this.#removeAll(leaving.slice(-1), pod, node));
    if (!done && !this.deps.signal.aborted) {
      state.nominations.delete(pod.uid);
      queue.activate([pod.uid], 'PreemptionFailed');
    }
    return done;
  }

  async #removeAll(victims: readonly PodInfo[], pod: PodInfo, node: string): Promise<boolean> {
    const outcomes = await Promise.allSettled(victims.map((victim) => this.#remove(victim, pod, node)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected' && !this.deps.signal.aborted) {
        this.deps.log.warn(
          { pod: `${pod.namespace}/${pod.name}`, node, err: outcome.reason as unknown },
          'a pod could not be preempted; the preemptor is tried again',
        );
      }
    }
    return !this.deps.signal.aborted && outcomes.every(({ status }) => status === 'fulfilled');
  }

  /** Room that was made for a less important pod is given to another: it has to look for itself again. */
  #displace(pod: PodInfo): void {
    const { state, queue, client, log, signal } = this.deps;
    state.nominations.delete(pod.uid);
    queue.activate([pod.uid], 'NominationCleared');
    client.patch(core.pods, keyOf(pod), 'strategic', { metadata: { uid: pod.uid }, status: { nominatedNodeName: null } }, { subresource: 'status', signal })
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error) && !signal.aborted) log.warn({ pod: keyOf(pod), err: error }, 'a nomination could not be taken back');
      });
  }

  /** Undefined when it is gone, or on its way out already: then it was told so before. */
  #current(victim: PodInfo): corev1.Pod | undefined {
    const current = this.deps.pods.get(keyOf(victim));
    return current?.metadata.uid === victim.uid && current.metadata.deletionTimestamp === undefined ? current : undefined;
  }

  async #remove(victim: PodInfo, preemptor: PodInfo, node: string): Promise<void> {
    const { client, waiting, eventsFor, signal } = this.deps;
    // One that is not bound yet loses its place, no more.
    if (!waiting.preempt(victim.uid)) {
      const current = this.#current(victim);
      if (current === undefined) return;
      try {
        await this.#setCondition(current, preemptor);
        await client.delete(core.pods, keyOf(victim), { preconditions: { uid: victim.uid }, signal });
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) return;
        throw error;
      }
    }
    eventsFor(preemptor.spec.schedulerName ?? 'default-scheduler').event(victim.pod, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${node}`);
  }

  async #setCondition(victim: corev1.Pod, preemptor: PodInfo): Promise<void> {
    const { client, clock, signal } = this.deps;
    const condition: corev1.PodCondition = {
      type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', lastTransitionTime: formatTime(clock.now()),
      message: `${preemptor.spec.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
      ...(victim.metadata.generation === undefined ? {} : { observedGeneration: victim.metadata.generation }),
    };
    const key = { namespace: victim.metadata.namespace ?? '', name: victim.metadata.name ?? '' };
    await client.patch(core.pods, key, 'strategic', { metadata: { uid: victim.metadata.uid }, status: { conditions: [condition] } }, { subresource: 'status', signal });
  }
}

const keyOf = ({ namespace, name }: PodInfo): { namespace: string; name: string } => ({ namespace, name });
