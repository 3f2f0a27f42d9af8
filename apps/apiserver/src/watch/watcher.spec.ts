import type { WatchOutput } from './framing';
import { MAX_WAITING_BYTES, Watcher } from './watcher';

/** A client that takes what it is given only when told to. */
class SlowClient implements WatchOutput {
  readonly written: string[] = [];
  waitingBytes = 0;
  ended: string | undefined;
  private release: (() => void) | undefined;

  write(chunk: Buffer): void {
    this.written.push(chunk.length > 100 ? `${chunk.length} bytes` : chunk.toString());
    this.waitingBytes += chunk.length;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => (this.release = resolve));
  }

  end(reason: string): void {
    this.ended = reason;
  }

  take(): void {
    this.waitingBytes = 0;
    this.release?.();
  }
}

const MIB = 1024 * 1024;

describe('a watcher', () => {
  it('gets the past before what happens meanwhile', async () => {
    const client = new SlowClient();
    const watcher = new Watcher(client, { bookmarks: true, onEnd: () => undefined });
    const catchingUp = watcher.catchUp([Buffer.alloc(MIB), Buffer.from('past')]);
    watcher.write(Buffer.from('live'));
    expect([client.written, watcher.wantsBookmarks]).toEqual([[`${MIB} bytes`], false]);
    client.take();
    await catchingUp;
    expect([client.written, watcher.wantsBookmarks]).toEqual([[`${MIB} bytes`, 'past', 'live'], true]);
  });

  it('is ended when it does not take what it is sent, and told once', async () => {
    const client = new SlowClient();
    const ends: string[] = [];
    const watcher = new Watcher(client, { bookmarks: false, onEnd: (reason) => ends.push(reason) });
    await watcher.catchUp([]);
    for (let sent = 0; sent <= MAX_WAITING_BYTES + MIB; sent += MIB) watcher.write(Buffer.alloc(MIB));
    watcher.write(Buffer.from('too late'));
    expect([client.ended, ends, watcher.ended]).toEqual(['too slow', ['too slow'], true]);
  });

  it('is ended also when too much happens before it has caught up', () => {
    const client = new SlowClient();
    const watcher = new Watcher(client, { bookmarks: false, onEnd: () => undefined });
    void watcher.catchUp([Buffer.alloc(MIB), Buffer.alloc(MIB)]);
    for (let sent = 0; sent <= MAX_WAITING_BYTES; sent += MIB) watcher.write(Buffer.alloc(MIB));
    expect(client.ended).toBe('too slow');
  });
});
