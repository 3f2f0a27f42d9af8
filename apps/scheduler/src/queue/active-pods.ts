/** An entry of the active queue. */
export interface Urgency {
  readonly uid: string;
  readonly priority: number;
}

/**
 * Pods to be tried now: the highest priority first, first come first served within one. One bucket a priority, so that adding,
 * taking and removing cost the same however many wait.
 */
export class ActivePods<T extends Urgency> {
  /** Maps keep the order of insertion. */
  readonly #buckets = new Map<number, Map<string, T>>();
  readonly #priorityOf = new Map<string, number>();
  /** Priorities in use, greatest first. */
  #priorities: number[] = [];

  get size(): number {
    return this.#priorityOf.size;
  }

  has(uid: string): boolean {
    return this.#priorityOf.has(uid);
  }

  get(uid: string): T | undefined {
    return this.#buckets.get(this.#priorityOf.get(uid) ?? NaN)?.get(uid);
  }

  /** Adds at the end of its priority, or replaces in place. */
  set(entry: T): void {
    const known = this.#priorityOf.get(entry.uid);
    if (known !== undefined && known !== entry.priority) this.delete(entry.uid);
    let bucket = this.#buckets.get(entry.priority);
    if (bucket === undefined) {
      bucket = new Map();
      this.#buckets.set(entry.priority, bucket);
      this.#priorities = [...this.#buckets.keys()].sort((a, b) => b - a);
    }
    bucket.set(entry.uid, entry);
    this.#priorityOf.set(entry.uid, entry.priority);
  }

  delete(uid: string): boolean {
    const priority = this.#priorityOf.get(uid);
    if (priority === undefined) return false;
    this.#priorityOf.delete(uid);
    const bucket = this.#buckets.get(priority);
    bucket?.delete(uid);
    if (bucket?.size === 0) {
      this.#buckets.delete(priority);
      this.#priorities = this.#priorities.filter((other) => other !== priority);
    }
    return true;
  }

  /** Takes the most urgent. */
  take(): T | undefined {
    const first = this.#priorities[0];
    const next = first === undefined ? undefined : this.#buckets.get(first)?.values().next().value;
    if (next !== undefined) this.delete(next.uid);
    return next;
  }
}
