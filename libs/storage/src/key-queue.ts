/**
 * Lets the writers of one key take turns within this process, so that the second computes on the first's result
 * instead of losing to it in the store (rules 1.4).
 */
export class KeyQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `task` after all earlier tasks of the key have settled. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before ? before.then(task, task) : task();
    this.#last.set(key, result);
    const forget = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(forget, forget);
    return result;
  }
}
