/** An entry of the active queue. */
export interface Urgency {
  readonly uid: string;
  readonly priority: number;
  /** When it came, or was tried last: of pods that are equally important the one that has waited longest since then goes first. */
  readonly at: number;
}

interface Place<T> {
  entry: T;
  /** Of pods of one time the one that became active first goes first. */
  readonly serial: number;
}

/** Pods to be tried now: the highest priority first (upstream's PrioritySort). One sorted list a priority: nearly all come at its end and are taken from its beginning. */
export class ActivePods<T extends Urgency> {
  readonly #lists = new Map<number, Place<T>[]>();
  readonly #places = new Map<string, Place<T>>();
  /** Priorities in use, greatest first. */
  #priorities: number[] = [];
  #serial = 0;

  get size(): number {
    return this.#places.size;
  }

  has(uid: string): boolean {
    return this.#places.has(uid);
  }

  get(uid: string): T | undefined {
    return this.#places.get(uid)?.entry;
  }

  /** Adds where it belongs, or replaces in place. */
  set(entry: T): void {
    const known = this.#places.get(entry.uid);
    if (known !== undefined && known.entry.priority === entry.priority && known.entry.at === entry.at) {
      known.entry = entry;
      return;
    }
    this.delete(entry.uid);
    const place = { entry, serial: this.#serial++ };
    let list = this.#lists.get(entry.priority);
    if (list === undefined) {
      list = [];
      this.#lists.set(entry.priority, list);
      this.#priorities = [...this.#lists.keys()].sort((a, b) => b - a);
    }
    const last = list.at(-1);
    if (last === undefined || goesBefore(last, place)) list.push(place);
    else list.splice(positionOf(place, list), 0, place);
    this.#places.set(entry.uid, place);
  }

  delete(uid: string): boolean {
    const place = this.#places.get(uid);
    if (place === undefined) return false;
    this.#places.delete(uid);
    const { priority } = place.entry;
    const list = this.#lists.get(priority) ?? [];
    const at = positionOf(place, list);
    if (at === 0) list.shift();
    else list.splice(at, 1);
    if (list.length === 0) {
      this.#lists.delete(priority);
      this.#priorities = this.#priorities.filter((other) => other !== priority);
    }
    return true;
  }

  /** Takes the most urgent. */
  take(): T | undefined {
    const first = this.#priorities[0];
    const next = first === undefined ? undefined : this.#lists.get(first)?.[0]?.entry;
    if (next !== undefined) this.delete(next.uid);
    return next;
  }
}

const goesBefore = <T extends Urgency>(a: Place<T>, b: Place<T>): boolean => a.entry.at < b.entry.at || (a.entry.at === b.entry.at && a.serial < b.serial);

/** Where a place is in a sorted list, or belongs. */
function positionOf<T extends Urgency>(place: Place<T>, list: readonly Place<T>[]): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (goesBefore(list[middle] as Place<T>, place)) low = middle + 1;
    else high = middle;
  }
  return low;
}
