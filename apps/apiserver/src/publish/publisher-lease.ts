import { rest, type Clock } from '@navarch/clock';
import { isStoreError, type Store } from '@navarch/storage';
import { randomUUID } from 'node:crypto';

const KEY = '/navarch/publisher';
const RENEW_MS = 3000;
/** A holder that has not renewed for this long, by this server's own clock, is gone. */
const STALE_MS = 10_000;

/**
 * Which apiserver publishes changes. A hint only: messages prove themselves, so two publishers or a stale one are harmless (rules
 * 3.4), and a little while without any makes consumers watch by gRPC.
 */
export class PublisherLease {
  private readonly holder = randomUUID();
  private readonly stopping = new AbortController();
  private seen = { revision: -1, at: 0 };
  private running: Promise<void> | undefined;
  private isHeld = false;

  constructor(private readonly deps: { readonly store: Store; readonly clock: Clock }) {}

  get held(): boolean {
    return this.isHeld;
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.isHeld = false;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        this.isHeld = await this.renew();
      } catch (error) {
        // Without the store there is nothing to publish either.
        if (!isStoreError(error)) throw error;
      }
      await rest(this.deps.clock, RENEW_MS, signal);
    }
  }

  private async renew(): Promise<boolean> {
    const { store, clock } = this.deps;
    const current = await store.get(KEY);
    if (current && !current.json.toString('utf8').includes(this.holder)) {
      if (current.modRevision !== this.seen.revision) {
        this.seen = { revision: current.modRevision, at: clock.now() };
        return false;
      }
      if (clock.now() - this.seen.at < STALE_MS) return false;
    }
    const json = Buffer.from(`{"metadata":{"resourceVersion":""},"holder":${JSON.stringify(this.holder)}}`);
    const outcome = await store.commit({ ops: [{ kind: 'put', key: KEY, json, expectedModRevision: current?.modRevision ?? 0 }] });
    return outcome.ok;
  }
}
