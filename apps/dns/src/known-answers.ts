import type { AddressSet } from './shuffle-addresses';

/** An answer as bytes, the addresses in it that have no order, and the type that was asked for. */
export interface KnownAnswer {
  readonly answer: Buffer;
  readonly addresses: readonly AddressSet[];
  readonly type: string;
}

const largest = 10_000;
const idBytes = 2;

/**
 * Answers about the cluster's own names, by the bytes of their question: true until anything of the cluster changes. Saves reading
 * the question and writing the answer, which is most of the work.
 */
export class KnownAnswers {
  readonly #answers = new Map<string, KnownAnswer>();
  #of = -1;

  /** `version` changes with the cluster. */
  constructor(private readonly current: () => number) {}

  get version(): number {
    return this.current();
  }

  /** With the id of this query. */
  get(query: Buffer): KnownAnswer | undefined {
    if (this.#of !== this.current()) return undefined;
    const known = this.#answers.get(keyOf(query));
    if (known === undefined) return undefined;
    const answer = Buffer.from(known.answer);
    query.copy(answer, 0, 0, idBytes);
    return { ...known, answer };
  }

  /** `version` is that before the answer was made: what changed meanwhile may be missing in it. */
  put(query: Buffer, answer: KnownAnswer, version: number): void {
    if (this.#of !== version) {
      this.#answers.clear();
      this.#of = version;
    }
    // Questions are the clients' to invent: a full store begins anew.
    if (this.#answers.size >= largest) this.#answers.clear();
    this.#answers.set(keyOf(query), answer);
  }
}

/** All but the id: name as written, type, flags, EDNS. */
const keyOf = (query: Buffer): string => query.toString('latin1', idBytes);
