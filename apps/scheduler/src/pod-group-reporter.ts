import { scheduling, type metav1, type schedulingv1alpha2 } from '@navarch/api';
import { formatTime, isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { Lookup, PodInfo } from '@navarch/scheduling';

export interface PodGroupReporterDeps {
  readonly client: Pick<ApiClient, 'patch'>;
  readonly podGroups: Lookup<schedulingv1alpha2.PodGroup>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const conditionType = 'PodGroupScheduled';

/** Tells in a PodGroup's status whether the group found its places. It is about the first time only, as upstream's is. Never throws. */
export class PodGroupReporter {
  /** What was written last, by the group's uid: all pods of a group are bound at almost the same time. */
  readonly #said = new Map<string, string>();

  constructor(private readonly deps: PodGroupReporterDeps) {}

  /** A pod of a group is bound: its group had enough places. */
  scheduled(pod: PodInfo): void {
    this.#report(pod, { status: 'True', reason: 'Scheduled', message: '' });
  }

  unschedulable(pod: PodInfo, message: string): void {
    this.#report(pod, { status: 'False', reason: 'Unschedulable', message });
  }

  /** Something failed that is not the group's fault. */
  failed(pod: PodInfo, error: unknown): void {
    this.#report(pod, { status: 'False', reason: 'SchedulerError', message: error instanceof Error ? error.message : String(error) });
  }

  #report({ namespace, spec }: PodInfo, said: Pick<metav1.Condition, 'message' | 'reason' | 'status'>): void {
    const name = spec.schedulingGroup?.podGroupName;
    const group = name === undefined ? undefined : this.deps.podGroups.get({ namespace, name });
    if (name === undefined || group === undefined) return;
    const { uid = '', generation } = group.metadata;
    const known = group.status?.conditions?.find(({ type }) => type === conditionType);
    const text = JSON.stringify(said);
    const knownText = known && JSON.stringify({ status: known.status, reason: known.reason, message: known.message });
    // A group that was scheduled stays so, whatever becomes of more pods.
    if (known?.status === 'True' || this.#said.get(uid)?.includes('"True"') === true || text === (this.#said.get(uid) ?? knownText)) return;
    this.#said.set(uid, text);
    const lastTransitionTime = known?.status === said.status ? known.lastTransitionTime : formatTime(this.deps.clock.now());
    void this.#write({ namespace, name, uid }, { type: conditionType, ...said, lastTransitionTime, ...(generation === undefined ? {} : { observedGeneration: generation }) });
  }

  async #write({ namespace, name, uid }: { namespace: string; name: string; uid: string }, condition: metav1.Condition): Promise<void> {
    const { client, log, signal } = this.deps;
    try {
      await client.patch(scheduling.podgroups, { namespace, name }, 'strategic', { metadata: { uid }, status: { conditions: [condition] } }, { subresource: 'status', signal });
    } catch (error) {
      // The next pod of the group says it again.
      this.#said.delete(uid);
      if (!isNotFound(error) && !isConflict(error) && !signal.aborted) log.warn({ podGroup: `${namespace}/${name}`, err: error }, 'what became of a pod group could not be written to its status');
    }
  }
}
