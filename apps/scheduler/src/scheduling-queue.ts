import type { Clock } from '@navarch/clock';
import type { ClusterEvent, PodInfo, WeightedPlugin } from '@navarch/scheduling';
import { ActivePods, type Urgency } from './active-pods';

const firstBackoffMs = 1_000;
const longestBackoffMs = 10_000;
/** A pod that no event helped is tried again after this long all the same. */
const longestUnschedulableMs = 5 * 60_000;

interface QueuedPod extends Urgency {
  readonly info: PodInfo;
  /** When it first came, in milliseconds since the epoch. */
  readonly since: number;
  readonly attempts: number;
}

interface ParkedPod {
  readonly pod: QueuedPod;
  readonly refusedBy: readonly string[];
  readonly parkedAt: number;
}

export interface QueueDepths {
  readonly active: number;
  readonly backoff: number;
  readonly unschedulable: number;
  readonly gated: number;
}

/**
 * Pods that wait for a node. Active: to be tried now, by priority, then age. Backoff: failed lately. Unschedulable: refused until an
 * event comes that can help one of the plug-ins that refused. Gated: its scheduling gates are not removed yet.
 */
export class SchedulingQueue {
  readonly #active = new ActivePods<QueuedPod>();
  readonly #backoff = new Map<string, { pod: QueuedPod; timer: { cancel(): void } }>();
  readonly #unschedulable = new Map<string, ParkedPod>();
  readonly #gated = new Map<string, PodInfo>();
  readonly #known = new Map<string, { since: number; attempts: number }>();
  readonly #events: ReadonlyMap<string, readonly ClusterEvent[]>;
  /** Counts events, to notice those that came while a pod was being tried. */
  #moves: { event: ClusterEvent; serial: number }[] = [];
  #moveSerial = 0;

  /** @param onActive called when a pod becomes active: wakes the scheduler */
  constructor(private readonly clock: Clock, plugins: readonly WeightedPlugin[], private readonly onActive: () => void) {
    this.#events = new Map(plugins.map(({ plugin }) => [plugin.name, plugin.events ?? []]));
  }

  get depths(): QueueDepths {
    return { active: this.#active.size, backoff: this.#backoff.size, unschedulable: this.#unschedulable.size, gated: this.#gated.size };
  }

  /** A pod came, or changed while it waits. */
  add(info: PodInfo): void {
    this.remove(info.uid, true);
    if ((info.spec.schedulingGates?.length ?? 0) > 0) {
      this.#gated.set(info.uid, info);
      return;
    }
    const { since, attempts } = this.#known.get(info.uid) ?? { since: this.clock.now(), attempts: 0 };
    this.#known.set(info.uid, { since, attempts });
    this.#activate(queued(info, { since, attempts }));
  }

  /** A change of a waiting pod that no scheduling decision depends on must not make it active: only its object is renewed. */
  refresh(info: PodInfo): void {
    const parked = this.#unschedulable.get(info.uid);
    if (parked !== undefined) {
      this.#unschedulable.set(info.uid, { ...parked, pod: { ...parked.pod, info } });
      return;
    }
    const waiting = this.#backoff.get(info.uid);
    if (waiting !== undefined) {
      waiting.pod = { ...waiting.pod, info };
      return;
    }
    const active = this.#active.get(info.uid);
    if (active !== undefined) {
      this.#active.set({ ...active, info });
    }
  }

  has(uid: string): boolean {
    return this.#active.has(uid) || this.#backoff.has(uid) || this.#unschedulable.has(uid) || this.#gated.has(uid);
  }

  /** The pod is gone or bound. */
  remove(uid: string, keepHistory = false): void {
    this.#active.delete(uid);
    this.#backoff.get(uid)?.timer.cancel();
    this.#backoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
    if (!keepHistory) this.#known.delete(uid);
  }

  /** Takes the next pod to try; its `cycle` goes back into `park`. */
  pop(): { pod: PodInfo; attempts: number; since: number; cycle: number } | undefined {
    const next = this.#active.take();
    if (next === undefined) return undefined;
    const attempts = next.attempts + 1;
    this.#known.set(next.uid, { since: next.since, attempts });
    return { pod: next.info, attempts, since: next.since, cycle: this.#moveSerial };
  }

  /** No node took the pod: waits for an event that can help one of the plug-ins that refused. */
  park(info: PodInfo, refusedBy: readonly string[], cycle: number): void {
    const history = this.#known.get(info.uid);
    if (history === undefined) return; // deleted meanwhile
    const pod = queued(info, history);
    const missed = this.#moves.some(({ event, serial }) => serial > cycle && this.#helps(event, refusedBy));
    if (missed) this.#toBackoff(pod);
    else this.#unschedulable.set(info.uid, { pod, refusedBy, parkedAt: this.clock.now() });
  }

  /** Something failed that is not the pod's fault: tried again after its back-off. */
  retry(info: PodInfo): void {
    const history = this.#known.get(info.uid);
    if (history !== undefined) this.#toBackoff(queued(info, history));
  }

  /** Something happened in the cluster: pods that it can help go on. */
  onEvent(event: ClusterEvent): void {
    this.#moveSerial += 1;
    this.#moves.push({ event, serial: this.#moveSerial });
    if (this.#moves.length > 256) this.#moves = this.#moves.slice(-128);
    for (const [uid, { pod, refusedBy }] of this.#unschedulable) {
      if (!this.#helps(event, refusedBy)) continue;
      this.#unschedulable.delete(uid);
      this.#toBackoff(pod);
    }
  }

  /** Tries pods again that have been refused for long: nothing we know of helped, but we may not know everything. */
  flushOld(): void {
    for (const [uid, { pod, parkedAt }] of this.#unschedulable) {
      if (this.clock.now() - parkedAt < longestUnschedulableMs) continue;
      this.#unschedulable.delete(uid);
      this.#toBackoff(pod);
    }
  }

  #helps(event: ClusterEvent, refusedBy: readonly string[]): boolean {
    return refusedBy.length === 0 || refusedBy.some((name) => this.#events.get(name)?.includes(event) ?? true);
  }

  #activate(pod: QueuedPod): void {
    this.#active.set(pod);
    this.onActive();
  }

  #toBackoff(pod: QueuedPod): void {
    const delay = Math.min(firstBackoffMs * 2 ** Math.max(pod.attempts - 1, 0), longestBackoffMs);
    const timer = this.clock.setTimeout(() => {
      const waiting = this.#backoff.get(pod.info.uid);
      this.#backoff.delete(pod.info.uid);
      if (waiting !== undefined) this.#activate(waiting.pod);
    }, delay);
    this.#backoff.set(pod.info.uid, { pod, timer });
  }
}

function queued(info: PodInfo, { since, attempts }: { since: number; attempts: number }): QueuedPod {
  return { uid: info.uid, priority: info.priority, info, since, attempts };
}
