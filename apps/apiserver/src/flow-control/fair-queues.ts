import { createHash } from 'node:crypto';

export interface QueuingOptions {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

/**
 * Requests that wait, in queues that flows share by shuffle sharding: a flow that fills its queues leaves most others alone. The
 * queues take turns.
 */
export class FairQueues<T> {
  private readonly queues: T[][];
  private turn = 0;
  private count = 0;

  constructor(private readonly options: QueuingOptions) {
    this.queues = Array.from({ length: options.queues }, () => []);
  }

  get size(): number {
    return this.count;
  }

  /** Every queue as it stands, first come first. */
  get contents(): readonly (readonly T[])[] {
    return this.queues;
  }

  /** False when the queues of the flow are full. */
  push(flow: string, item: T): boolean {
    const shortest = this.handOf(flow).reduce((best, queue) => (queue.length < best.length ? queue : best));
    if (shortest.length >= this.options.queueLengthLimit) return false;
    shortest.push(item);
    this.count++;
    return true;
  }

  /** The one that `shift` would answer. */
  peek(): T | undefined {
    return this.count === 0 ? undefined : this.queues[this.next()]?.[0];
  }

  /** The next one, of the queue whose turn it is. */
  shift(): T | undefined {
    const at = this.next();
    const item = this.queues[at]?.shift();
    if (item === undefined) return undefined;
    this.turn = (at + 1) % this.queues.length;
    this.count--;
    return item;
  }

  remove(item: T): void {
    for (const queue of this.queues) {
      const at = queue.indexOf(item);
      if (at < 0) continue;
      queue.splice(at, 1);
      this.count--;
      return;
    }
  }

  /** The first queue from the turn on that holds something; the turn's own if none does. */
  private next(): number {
    const { length } = this.queues;
    for (let step = 0; step < length; step++) {
      const at = (this.turn + step) % length;
      if ((this.queues[at]?.length ?? 0) > 0) return at;
    }
    return this.turn;
  }

  /** The queues dealt to a flow: always the same ones, no two alike. */
  private handOf(flow: string): T[][] {
    const hash = createHash('sha256').update(flow).digest();
    const deck = [...this.queues.keys()];
    const hand: T[][] = [];
    for (let card = 0; card < Math.min(this.options.handSize, this.queues.length); card++) {
      const [index = 0] = deck.splice(hash.readUInt16BE((card * 2) % 30) % deck.length, 1);
      const queue = this.queues[index];
      if (queue) hand.push(queue);
    }
    return hand;
  }
}
