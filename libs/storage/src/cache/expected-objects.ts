import { type Description } from '../cache-types';

interface Expected {
  readonly json: Buffer;
  readonly description: Description;
}

/**
 * What this process is about to store, already looked into: when the watch brings the same bytes back, they need not be parsed to be
 * described. The bytes alone decide, so that it does not matter whose write they are of, nor what became of the write that was expected.
 * Holds no more than there are writes under way.
 */
export class ExpectedObjects {
  readonly #byKey = new Map<string, Expected>();

  /** Returns a function that forgets it: to be called once the write is over. */
  add(key: string, json: Buffer, description: Description): () => void {
    const expected = { json, description };
    this.#byKey.set(key, expected);
    return () => {
      // Another write of the key may have come in between.
      if (this.#byKey.get(key) === expected) this.#byKey.delete(key);
    };
  }

  descriptionOf(key: string, json: Buffer): Description | undefined {
    const expected = this.#byKey.get(key);
    return expected?.json.equals(json) === true ? expected.description : undefined;
  }
}
