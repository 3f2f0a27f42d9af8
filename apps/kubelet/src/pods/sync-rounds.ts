/** Why a pod is synced, in upstream's words. */
export type SyncType = 'create' | 'update' | 'sync' | 'kill';

/**
 * Measures what upstream calls a sync: from a look at the pod until nothing of what it led to is under way any more. Upstream's
 * worker waits for that; ours takes further decisions meanwhile, which belong to the same sync.
 */
export class SyncRounds {
  #type: SyncType = 'create';
  #since: { readonly type: SyncType; readonly atMs: number } | undefined;

  constructor(private readonly onEnd: (type: SyncType, seconds: number) => void) {}

  /** A newer object has come: the next sync is for its sake, unless it is the first. */
  updated(): void {
    if (this.#type === 'sync') this.#type = 'update';
  }

  /** A look has been taken. `busy`: something is under way; `ending`: the pod is being ended. */
  looked(busy: boolean, ending: boolean, nowMs: number): void {
    if (!this.#since) {
      this.#since = { type: ending ? 'kill' : this.#type, atMs: nowMs };
      this.#type = 'sync';
    }
    if (busy) return;
    this.onEnd(this.#since.type, (nowMs - this.#since.atMs) / 1000);
    this.#since = undefined;
  }
}
