/**
 * Lets writers of one key go one after the other within this process: the second computes on what the first has written, instead
 * of losing its compare (rules 1.4).
 */
export class KeyLock {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    // The first one starts at once; those behind wait for whatever comes of the one ahead.
    const mine = before === undefined ? work() : before.then(work, work);
    this.tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key);
    }
  }
}
