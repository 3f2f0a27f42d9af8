import type { Clock, Timer } from '@navarch/clock';

/** How often the publisher sends a bookmark (rules 3.3), and how many may be missing. */
const BOOKMARK_PERIOD_MS = { resource: 1_000, node: 10_000 };
const SILENT_PERIODS = 3;

/** Why the bus is not followed; each with the bookmarks in a row that show it to flow again. */
const BOOKMARKS_NEEDED = { start: 2, connection: 2, silence: 2, overflow: 2, epoch: 2, gap: 1, fetch: 1 } as const;
export type Doubt = keyof typeof BOOKMARKS_NEEDED;

/** Whether bookmarks show that the bus brings everything. */
export class BusTrust {
  readonly #clock: Clock;
  readonly #silentMs: number;
  readonly #onSilence: () => void;
  #needed: number = BOOKMARKS_NEEDED.start;
  #silence: Timer | undefined;

  constructor(kind: 'resource' | 'node', clock: Clock, onSilence: () => void) {
    this.#clock = clock;
    this.#silentMs = SILENT_PERIODS * BOOKMARK_PERIOD_MS[kind];
    this.#onSilence = onSilence;
  }

  get proven(): boolean {
    return this.#needed === 0;
  }

  doubt(why: Doubt): void {
    this.#needed = Math.max(this.#needed, BOOKMARKS_NEEDED[why]);
    this.#silence?.cancel();
  }

  /** A bookmark that fits what is known. */
  bookmark(): void {
    this.#needed = Math.max(0, this.#needed - 1);
    this.#silence?.cancel();
    this.#silence = this.#clock.setTimeout(this.#onSilence, this.#silentMs);
  }

  stop(): void {
    this.#silence?.cancel();
  }
}
