import type { ClusterEvent, PodInfo } from '@navarch/scheduling';

interface Seen {
  readonly event: ClusterEvent;
  readonly concerns: (pod: PodInfo) => boolean;
}

interface InFlight {
  /** As the API shows it now. */
  info: PodInfo;
  /** Of all events ever seen, the first that it has not missed. */
  readonly from: number;
  isForced: boolean;
}

/** What an attempt that ends has missed. */
export interface Missed {
  readonly info: PodInfo;
  readonly events: readonly ClusterEvent[];
  /** Somebody wanted it to be tried again meanwhile, whatever refuses it. */
  readonly isForced: boolean;
}

/** Pods that are being tried, and what happens meanwhile: one list for all of them, as long as the eldest of them needs it (upstream's inFlightEvents). */
export class InFlightPods {
  readonly #pods = new Map<string, InFlight>();
  #seen: Seen[] = [];
  /** How many events before those were forgotten. */
  #forgotten = 0;

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  begin(info: PodInfo): void {
    this.#pods.set(info.uid, { info, from: this.#forgotten + this.#seen.length, isForced: false });
  }

  see(event: ClusterEvent, concerns: (pod: PodInfo) => boolean): void {
    if (this.#pods.size > 0) this.#seen.push({ event, concerns });
  }

  /** The pod itself has changed: what is decided may be about its former self. */
  update(info: PodInfo, events: readonly ClusterEvent[]): void {
    const pod = this.#pods.get(info.uid);
    if (pod === undefined) return;
    pod.info = info;
    for (const event of events) this.see(event, ({ uid }) => uid === info.uid);
  }

  force(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod !== undefined) pod.isForced = true;
  }

  /** Undefined for one that is not being tried. */
  end(uid: string): Missed | undefined {
    const pod = this.#pods.get(uid);
    if (pod === undefined) return undefined;
    const { info, from, isForced } = pod;
    const events = this.#seen.slice(from - this.#forgotten).flatMap(({ event, concerns }) => (concerns(info) ? [event] : []));
    this.delete(uid);
    return { info, events, isForced };
  }

  delete(uid: string): void {
    if (!this.#pods.delete(uid)) return;
    // They are in the order in which they began.
    const [eldest] = this.#pods.values();
    const needed = eldest?.from ?? this.#forgotten + this.#seen.length;
    if (needed === this.#forgotten) return;
    this.#seen = this.#seen.slice(needed - this.#forgotten);
    this.#forgotten = needed;
  }

  /** How many events are kept, by name. */
  get eventsByName(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { event: { name } } of this.#seen) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }
}
