import type { PodInfo } from '@navarch/scheduling';
import type { Urgency } from './active-pods';
import type { History } from './pod-histories';

/** A pod in the queue, in whatever part of it. */
export interface QueuedPod extends Urgency {
  readonly info: PodInfo;
  /** When it first came, by `Clock.monotonic`. */
  readonly since: number;
  readonly attempts: number;
  /** No event made it active, but that it had waited for long. */
  readonly flushed?: true;
}

export function queued(info: PodInfo, { since, at, attempts }: History): QueuedPod {
  return { uid: info.uid, priority: info.priority, at, info, since, attempts };
}
