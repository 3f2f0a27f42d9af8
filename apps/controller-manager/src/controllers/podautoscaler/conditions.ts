import type { autoscalingv2 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';

type Condition = autoscalingv2.HorizontalPodAutoscalerCondition;

/** Conditions being worked out: a change of status stamps the time. */
export class Conditions {
  #all: readonly Condition[];
  readonly #now: string;

  constructor(before: readonly Condition[], nowMs: number) {
    this.#all = before;
    this.#now = formatTime(nowMs);
  }

  get all(): Condition[] {
    return [...this.#all];
  }

  set(type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited', status: 'False' | 'True', reason: string, message: string): void {
    const known = this.#all.find((condition) => condition.type === type);
    const lastTransitionTime = known?.status === status && known.lastTransitionTime !== undefined ? known.lastTransitionTime : this.#now;
    const next: Condition = { type, status, lastTransitionTime, reason, message };
    this.#all = known === undefined ? [...this.#all, next] : this.#all.map((condition) => (condition === known ? next : condition));
  }
}
