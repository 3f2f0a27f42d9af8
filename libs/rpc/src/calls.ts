/** The calls over one connection that have begun and not ended. */
export class Calls {
  #inFlight = 0;
  #idle: (() => void) | undefined;

  get inFlight(): number {
    return this.#inFlight;
  }

  begin(): void {
    this.#inFlight++;
  }

  end(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#idle?.();
  }

  /** Tells as soon as none is under way: now, or when the last one ends. */
  whenIdle(tell: () => void): void {
    if (this.#inFlight === 0) tell();
    else this.#idle = tell;
  }
}
