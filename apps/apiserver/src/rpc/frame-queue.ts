import type { WatchOutput } from '../watch/framing';

/** Frames on their way into a stream's answer, with the bytes that wait counted. One reader. */
export class FrameQueue implements WatchOutput, AsyncIterable<Buffer> {
  private readonly frames: Buffer[] = [];
  private bytes = 0;
  private over = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private readonly whenEmpty: (() => void)[] = [];

  get waitingBytes(): number {
    return this.bytes;
  }

  write(frame: Buffer): void {
    if (this.over) return;
    this.frames.push(frame);
    this.bytes += frame.length;
    this.notify();
  }

  drained(): Promise<void> {
    if (this.over || this.frames.length === 0) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => this.whenEmpty.push(resolve));
  }

  end(): void {
    this.over = true;
    this.notify();
  }

  /** Ends with an error, once the reader has what was written before. */
  fail(error: Error): void {
    this.failure = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        for (let frame = this.frames.shift(); frame; frame = this.frames.shift()) {
          this.bytes -= frame.length;
          yield frame;
        }
        this.release();
        if (this.over) {
          if (this.failure) throw this.failure;
          return;
        }
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    } finally {
      this.over = true;
      this.release();
    }
  }

  private release(): void {
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  private notify(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
