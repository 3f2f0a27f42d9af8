import type { Clock, Timer } from '@navarch/clock';
import type { AuditBackend } from './audit-backend';
import type { AuditEvent } from './audit-event';
import type { AuditMetrics } from './audit-metrics';

export interface BatchOptions {
  /** `--audit-*-batch-buffer-size`, in events. */
  readonly bufferSize: number;
  /** `--audit-*-batch-max-size`, in events. */
  readonly maxBatchSize: number;
  /** `--audit-*-batch-max-wait` */
  readonly maxWaitMs: number;
  /** `--audit-*-batch-throttle-*`: batches a second, and how many at once after a quiet time. Absent: as fast as they come. */
  readonly throttle: { readonly qps: number; readonly burst: number } | undefined;
  /** Batches under way at a time. */
  readonly maxUnderWay: number;
}

/**
 * Keeps events until there are enough of them, or for some time, and hands them on in batches: `--audit-*-mode=batch`, upstream's plug-in
 * `buffered`. Requests never wait. What does not fit the buffer is lost. Unlike upstream's it has a bound on the batches that a slow sink keeps
 * under way: beyond it the buffer fills.
 */
export class BufferedBackend implements AuditBackend {
  readonly name = 'buffered';
  private buffer: AuditEvent[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private wait: Timer | undefined;
  private tokens: number;
  private tokensAt: number;
  private running = false;
  private stopped = false;

  constructor(
    private readonly delegate: AuditBackend,
    private readonly options: BatchOptions,
    private readonly deps: { readonly clock: Clock; readonly metrics: AuditMetrics },
  ) {
    this.tokens = options.throttle?.burst ?? 0;
    this.tokensAt = deps.clock.monotonic();
  }

  async start(): Promise<void> {
    await this.delegate.start();
    this.running = true;
    this.consider();
  }

  /** All that came before is handed on; who takes nothing now is not asked again. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.stopped = true;
    this.wait?.cancel();
    this.delegate.hurry?.();
    await Promise.all(this.underWay);
    while (this.buffer.length > 0) if (!(await this.delegate.process(this.take()))) break;
    if (this.buffer.length > 0) this.deps.metrics.lost(this.name, new Error('audit backend shut down'), this.buffer.splice(0));
    await this.delegate.stop();
  }

  process(events: readonly AuditEvent[]): Promise<boolean> {
    const { bufferSize } = this.options;
    const room = this.stopped ? 0 : Math.max(0, bufferSize - this.buffer.length);
    this.buffer.push(...events.slice(0, room));
    if (room < events.length) this.deps.metrics.lost(this.name, new Error(this.stopped ? 'audit backend shut down' : 'audit buffer queue blocked'), events.slice(room));
    this.consider();
    return Promise.resolve(true);
  }

  /** Sends what is due, and sees to it that the rest will be. */
  private consider(): void {
    const { maxBatchSize, maxUnderWay, maxWaitMs } = this.options;
    while (this.running && this.buffer.length >= maxBatchSize && this.underWay.size < maxUnderWay) {
      const delayMs = this.throttledForMs();
      if (delayMs > 0) {
        this.wait?.cancel();
        this.wakeIn(delayMs);
        return;
      }
      this.send();
    }
    if (this.running && this.buffer.length > 0 && this.wait === undefined && this.underWay.size < maxUnderWay) this.wakeIn(maxWaitMs, () => this.sendWhatThereIs());
  }

  private sendWhatThereIs(): void {
    if (this.buffer.length === 0 || this.underWay.size >= this.options.maxUnderWay) return;
    const delayMs = this.throttledForMs();
    if (delayMs > 0) this.wakeIn(delayMs, () => this.sendWhatThereIs());
    else this.send();
  }

  private wakeIn(ms: number, act = (): void => undefined): void {
    this.wait = this.deps.clock.setTimeout(() => {
      this.wait = undefined;
      if (!this.running) return;
      act();
      this.consider();
    }, ms);
  }

  /** Takes a token if there is one; else says how long until there is. */
  private throttledForMs(): number {
    const { throttle } = this.options;
    if (!throttle) return 0;
    const now = this.deps.clock.monotonic();
    this.tokens = Math.min(throttle.burst, this.tokens + ((now - this.tokensAt) / 1000) * throttle.qps);
    this.tokensAt = now;
    if (this.tokens >= 1) {
      this.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.tokens) / throttle.qps) * 1000);
  }

  private take(): AuditEvent[] {
    return this.buffer.splice(0, this.options.maxBatchSize);
  }

  private send(): void {
    this.wait?.cancel();
    this.wait = undefined;
    const sending: Promise<void> = this.delegate.process(this.take()).then(() => {
      this.underWay.delete(sending);
      this.consider();
    });
    this.underWay.add(sending);
  }
}
