import type { changev1 } from '@navarch/proto';

/** A change or bookmark from the bus, with its numbers in the form that a consumer of this class compares. */
export interface PendingChange {
  readonly bookmark: boolean;
  readonly rv: number;
  /** Version of the class's previous change, as the publisher saw it. */
  readonly prev: number;
  readonly message: changev1.Change;
}

/** Rules 3.10. */
const LIMITS = { messages: 50_000, bytes: 32 * 1024 * 1024 };

/** Messages that wait for what came before them, in the order of their versions: the bus may swap and repeat them. */
export class PendingChanges {
  #changes: PendingChange[] = [];
  #first = 0;
  #bytes = 0;

  get overfull(): boolean {
    return this.#changes.length - this.#first > LIMITS.messages || this.#bytes > LIMITS.bytes;
  }

  get head(): PendingChange | undefined {
    return this.#changes[this.#first];
  }

  add(change: PendingChange): void {
    let at = this.#changes.length;
    for (let before = this.#changes[at - 1]; at > this.#first && before !== undefined && comesAfter(before, change); before = this.#changes[at - 1]) at--;
    if (at === this.#changes.length) this.#changes.push(change);
    else this.#changes.splice(at, 0, change);
    this.#bytes += change.message.body.length;
  }

  shift(): void {
    const change = this.head;
    if (change === undefined) return;
    this.#bytes -= change.message.body.length;
    this.#first++;
    if (this.#first === this.#changes.length || this.#first > 1024) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }

  clear(): void {
    this.#changes = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}

function comesAfter(a: PendingChange, b: PendingChange): boolean {
  return a.rv > b.rv || (a.rv === b.rv && a.prev > b.prev);
}
