import { type ResourceVersion } from '../types';
import { type AppliedEvent } from './applied-event';

/** Events younger than this keep their pre-framed buffers: watchers that are level read them at once. */
const warmEvents = 256;
/** What an event holds besides its object's bytes. */
const overheadBytes = 512;
/** Dropped slots are cut off when they are this many. */
const slack = 1024;

/** The last events of one resource, as many as fit in a number of bytes (rules 1.7). */
export class HistoryRing<T extends object> {
  #events: (AppliedEvent<T> | undefined)[] = [];
  #first = 0;
  #bytes = 0;

  /** @param lostThrough events up to this version were never known here */
  constructor(private readonly maxBytes: number, private lostThrough: ResourceVersion) {}

  get size(): number {
    return this.#events.length - this.#first;
  }

  push(event: AppliedEvent<T>): void {
    this.#events.push(event);
    this.#bytes += cost(event);
    if (this.size > warmEvents) this.#events[this.#events.length - 1 - warmEvents]?.cool();
    while (this.#bytes > this.maxBytes && this.size > 1) this.#drop();
  }

  /** Whether every event after a version is kept. */
  reaches(version: ResourceVersion): boolean {
    return version >= this.lostThrough;
  }

  /** Events with a greater version, in order. */
  after(version: ResourceVersion): AppliedEvent<T>[] {
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.resourceVersion ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low) as AppliedEvent<T>[];
  }

  /** Forgets all events up to a version. */
  loseThrough(version: ResourceVersion): void {
    while (this.size > 0 && (this.#events[this.#first]?.resourceVersion ?? 0) <= version) this.#drop();
    this.lostThrough = version;
  }

  #drop(): void {
    const event = this.#events[this.#first];
    this.#events[this.#first++] = undefined;
    if (event) {
      this.#bytes -= cost(event);
      this.lostThrough = event.resourceVersion;
    }
    if (this.#first >= slack && this.#first * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }
}

function cost(event: AppliedEvent<object>): number {
  return event.object.bytes.length + overheadBytes;
}
