import { setTimeout as sleep } from 'node:timers/promises';

export interface ReadResult {
  readonly requests: number;
  /** What was never answered: since when, and the last fault. */
  readonly failures: readonly string[];
  /** When first attempts failed, in milliseconds since the epoch. */
  readonly repeated: readonly number[];
  /** Longest time until a request was answered, its repetitions included, in milliseconds. */
  readonly slowestMs: number;
}

/** After so long without an answer a request is lost. */
const patienceMs = 60_000;
/** What is refused at once is not asked at once again. */
const betweenAttemptsMs = 200;

/** A client that asks a Service again and again, whether earlier requests have been answered or not, and repeats what fails, as clients do that lose nothing. */
export class Reader {
  private requests = 0;
  private readonly failures: string[] = [];
  private readonly repeated: number[] = [];
  private slowestMs = 0;
  private stopped = false;
  private readonly running: Promise<void>;

  /**
   * @param ask one attempt, over a connection of its own; rejects unless the answer is good. `attempt` counts from 0: whoever knows several addresses takes another each time
   * @param everyMs between the beginnings of two requests
   */
  constructor(readonly of: string, private readonly ask: (attempt: number) => Promise<unknown>, everyMs: number) {
    this.running = this.run(everyMs);
  }

  /** Ends when the last request is answered. */
  async stop(): Promise<ReadResult> {
    this.stopped = true;
    await this.running;
    const { requests, failures, repeated, slowestMs } = this;
    return { requests, failures, repeated, slowestMs };
  }

  private async run(everyMs: number): Promise<void> {
    const open = new Set<Promise<void>>();
    while (!this.stopped) {
      const request = this.read();
      open.add(request);
      void request.then(() => open.delete(request));
      await sleep(everyMs);
    }
    await Promise.all(open);
  }

  private async read(): Promise<void> {
    this.requests++;
    const start = Date.now();
    for (let attempt = 0; ; attempt++) {
      const began = Date.now();
      try {
        await this.ask(attempt);
        this.slowestMs = Math.max(this.slowestMs, Date.now() - start);
        return;
      } catch (error) {
        if (attempt === 0) this.repeated.push(began);
        if (Date.now() - start > patienceMs) {
          this.failures.push(`${new Date(start).toISOString()} ${(error as Error).message}`);
          return;
        }
        await sleep(Math.max(0, betweenAttemptsMs - (Date.now() - began)));
      }
    }
  }
}
