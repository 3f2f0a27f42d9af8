/**
 * A read shared by all who asked before it started (rules 2.2): one in flight, one waiting. Joining the one in
 * flight would not be linearizable, because it may have been answered before the joiner asked.
 */
export class SharedRead<T> {
  #inFlight: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(private readonly read: () => Promise<T>) {}

  join(): Promise<T> {
    if (this.#next) return this.#next;
    if (!this.#inFlight) return this.#start();
    this.#next = this.#inFlight.then(() => this.#start(), () => this.#start());
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    const read = this.read().finally(() => {
      if (this.#inFlight === read) this.#inFlight = undefined;
    });
    this.#inFlight = read;
    return read;
  }
}
