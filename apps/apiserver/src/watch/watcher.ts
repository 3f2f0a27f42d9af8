import type { WatchOutput } from './framing';

/** A client that lets more than this wait is ended, and resumes by its version (rules 3.10). */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Frames gathered per write while the initial state is sent. */
const STEP_BYTES = 1024 * 1024;

export interface WatcherOptions {
  readonly bookmarks: boolean;
  /** Told once when the watcher is over, for whatever reason. */
  readonly onEnd: (reason: string) => void;
}

/** One watch: first what the client asks to catch up on, with back-pressure, then live frames. */
export class Watcher {
  /** Live frames that wait until the client has caught up; undefined from then on. */
  private queue: { readonly chunk: Buffer; readonly first: (() => Buffer) | undefined }[] | undefined = [];
  private queuedBytes = 0;
  private over = false;
  /** Whether the client has got anything yet. */
  private begun = false;

  /** Sends a bookmark to this one alone, if it wants any. The group's, once the watcher has joined one. */
  bookmark: () => void = () => undefined;

  constructor(
    private readonly output: WatchOutput,
    private readonly options: WatcherOptions,
  ) {}

  get wantsBookmarks(): boolean {
    return this.options.bookmarks && this.queue === undefined;
  }

  get ended(): boolean {
    return this.over;
  }

  /** Sends the frames of the past, then lets live ones through. */
  async catchUp(frames: Iterable<Buffer>): Promise<void> {
    let parts: Buffer[] = [];
    let size = 0;
    for (const frame of frames) {
      if (this.over) return;
      this.begun = true;
      parts.push(frame);
      size += frame.length;
      if (size < STEP_BYTES) continue;
      this.output.write(Buffer.concat(parts, size));
      parts = [];
      size = 0;
      await this.output.drained();
    }
    if (this.over) return;
    if (size > 0) this.output.write(Buffer.concat(parts, size));
    const queued = this.queue ?? [];
    this.queue = undefined;
    for (const { chunk, first } of queued) this.write(chunk, first);
  }

  /** `first` makes what is written instead to a client that has got nothing yet. */
  write(chunk: Buffer, first?: () => Buffer): void {
    if (this.over) return;
    if (this.queue) {
      this.queue.push({ chunk, first });
      this.queuedBytes += chunk.length;
      if (this.queuedBytes > MAX_WAITING_BYTES) this.end('too slow');
      return;
    }
    if (this.output.waitingBytes > MAX_WAITING_BYTES) this.end('too slow');
    else {
      this.output.write(first && !this.begun ? first() : chunk);
      this.begun = true;
    }
  }

  end(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.queue = undefined;
    this.output.end(reason);
    this.options.onEnd(reason);
  }
}
