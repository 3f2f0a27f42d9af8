import { Duplex } from 'node:stream';

import { RstStatus, type SpdyHeaders } from './frames';

/** Data waits in a stream's own buffer up to this much, and as much again in its inbox, before the peer is held up. */
export const RECEIVE_WINDOW_BYTES = 256 * 1024;
/** A peer that heeds windows never fills an inbox beyond this; one that does not is held up by TCP. */
const MAX_INBOX_BYTES = RECEIVE_WINDOW_BYTES;
const READ_BUFFER_BYTES = 64 * 1024;

/** The opener was refused, or the connection ended before it was answered. */
export class SpdyStreamRefused extends Error {
  override readonly name = 'SpdyStreamRefused';
}

/** What a stream asks of its connection. */
export interface StreamTransport {
  /** Sends what the windows allow of it now, and tells how many bytes that was. */
  sendData(stream: SpdyStream, data: Buffer, fin: boolean): number;
  /** Calls back when more may be written. */
  whenWritable(callback: () => void): void;
  reply(stream: SpdyStream, headers: SpdyHeaders, fin: boolean): void;
  reset(stream: SpdyStream, status: number): void;
  /** The reader has taken this much. */
  consumed(stream: SpdyStream, bytes: number): void;
  /** Holds the whole connection up, or no longer, because of this stream. */
  holdUp(stream: SpdyStream, hold: boolean): void;
  forget(stream: SpdyStream): void;
}

/**
 * One stream of a SPDY connection as a Node stream: `end` closes this side, `destroy` resets both. A reset or a
 * lost connection ends what can be read, after what has already come, sets `wasReset` and emits `reset`; what is
 * written then is dropped. It never errors by what the peer does.
 */
export class SpdyStream extends Duplex {
  sendWindow: number;
  #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #wanting = false;
  #holding = false;
  #remoteClosed = false;
  #localClosed = false;
  #endHeld = false;
  #failure: Error | undefined;
  #wasReset = false;
  #open: boolean;
  #pending: { data: Buffer; readonly callback: () => void } | undefined;
  readonly #replied: Promise<SpdyHeaders>;
  #onReply: { resolve(headers: SpdyHeaders): void; reject(error: Error): void } | undefined;

  constructor(
    readonly id: number,
    /** Of the frame that opened it. */
    readonly headers: SpdyHeaders,
    private readonly transport: StreamTransport,
    options: { readonly sendWindow: number; readonly openedHere: boolean; readonly localClosed: boolean; readonly remoteClosed: boolean },
  ) {
    super({ allowHalfOpen: true, readableHighWaterMark: READ_BUFFER_BYTES, writableHighWaterMark: READ_BUFFER_BYTES, decodeStrings: true });
    this.sendWindow = options.sendWindow;
    // Before the answer, upstream's servers drop data.
    this.#open = !options.openedHere;
    this.#replied = options.openedHere ? new Promise((resolve, reject) => (this.#onReply = { resolve, reject })) : Promise.resolve(headers);
    // Whoever does not wait for the answer sees the reset.
    this.#replied.catch(() => undefined);
    this.on('error', () => undefined);
    if (options.localClosed) {
      this.#localClosed = true;
      super.end();
    }
    if (options.remoteClosed) this.#endReading();
  }

  /** Resolves with the answer's headers; rejects with SpdyStreamRefused. */
  get replied(): Promise<SpdyHeaders> {
    return this.#replied;
  }

  /** The peer cut the stream off, or the connection went away under it. */
  get wasReset(): boolean {
    return this.#wasReset;
  }

  /** A header's first value. */
  header(name: string): string | undefined {
    return this.headers.get(name.toLowerCase())?.[0];
  }

  /** Accepts a stream that the peer opened. */
  reply(headers: SpdyHeaders = new Map()): void {
    this.transport.reply(this, headers, false);
  }

  /** Refuses a stream that the peer opened, or ends any with a status. */
  reset(status: number = RstStatus.CANCEL): void {
    if (!this.#wasReset && !(this.#localClosed && this.#remoteClosed)) this.transport.reset(this, status);
    this.#localClosed = true;
    this.#remoteClosed = true;
    this.destroy();
  }

  /** From now on reading does not end by itself: something else says how this ended, by `releaseEnd` or `failReading`. */
  holdEnd(): void {
    this.#endHeld = true;
  }

  /** Reading ends by itself again. */
  releaseEnd(): void {
    this.#endHeld = false;
    this.#deliver();
  }

  /** What is left can still be read; then it is destroyed with this error. Who reads it hears of that, however late it begins. */
  failReading(error: Error): void {
    this.#failure = error;
    this.#deliver();
  }

  /** The connection's side: the peer has answered. */
  receiveReply(headers: SpdyHeaders, fin: boolean): void {
    this.#open = true;
    this.#onReply?.resolve(headers);
    this.#onReply = undefined;
    this.flush();
    if (fin) this.#endReading();
  }

  /** The connection's side: data has come. False when the peer had already closed its side. */
  receiveData(data: Buffer, fin: boolean): boolean {
    if (this.#remoteClosed) return false;
    if (data.length > 0 && !this.destroyed) {
      this.#inbox.push(data);
      this.#inboxBytes += data.length;
      this.#deliver();
      if (this.#inboxBytes > MAX_INBOX_BYTES && !this.#holding) {
        this.#holding = true;
        this.transport.holdUp(this, true);
      }
    }
    if (fin) this.#endReading();
    return true;
  }

  /** The connection's side: the peer has reset it, or is gone. */
  receiveReset(why: string): void {
    if (this.#wasReset) return;
    this.#wasReset = true;
    this.#onReply?.reject(new SpdyStreamRefused(why));
    this.#onReply = undefined;
    this.#open = true;
    this.#localClosed = true;
    const pending = this.#pending;
    this.#pending = undefined;
    this.#endReading();
    this.emit('reset', why);
    pending?.callback();
  }

  /** Sends what waits, as far as the windows allow: called again when they open. */
  flush(): void {
    const pending = this.#pending;
    if (!pending || !this.#open) return;
    const sent = this.transport.sendData(this, pending.data, false);
    if (sent < pending.data.length) {
      pending.data = pending.data.subarray(sent);
      return;
    }
    this.#pending = undefined;
    this.transport.whenWritable(pending.callback);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.#localClosed) {
      callback();
      return;
    }
    this.#pending = { data: chunk, callback };
    this.flush();
  }

  override _final(callback: () => void): void {
    if (this.#localClosed) {
      callback();
      return;
    }
    const finish = (): void => {
      if (!this.#localClosed) {
        this.#localClosed = true;
        this.transport.sendData(this, Buffer.alloc(0), true);
        this.#forgetWhenDone();
      }
      callback();
    };
    if (this.#open) finish();
    else this.#replied.then(finish, finish);
  }

  override _read(): void {
    this.#wanting = true;
    this.#deliver();
    if (this.#holding && this.#inboxBytes <= MAX_INBOX_BYTES / 2) this.#release();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#localClosed || !this.#remoteClosed) this.transport.reset(this, RstStatus.CANCEL);
    this.#localClosed = true;
    this.#remoteClosed = true;
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#release();
    this.#onReply?.reject(new SpdyStreamRefused('stream was destroyed'));
    this.#onReply = undefined;
    this.transport.forget(this);
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.callback();
    callback(error);
  }

  #deliver(): void {
    if (this.destroyed) return;
    while (this.#wanting && this.#inbox.length > 0) {
      const data = this.#inbox.shift() ?? Buffer.alloc(0);
      this.#inboxBytes -= data.length;
      this.#wanting = this.push(data);
      this.transport.consumed(this, data.length);
    }
    if (this.#inbox.length > 0) return;
    if (this.#failure === undefined) {
      if (this.#remoteClosed && !this.#endHeld) this.push(null);
    } else if (this.#wanting) this.destroy(this.#failure);
  }

  #endReading(): void {
    if (this.#remoteClosed) return;
    this.#remoteClosed = true;
    this.#deliver();
    this.#forgetWhenDone();
  }

  #release(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.transport.holdUp(this, false);
  }

  #forgetWhenDone(): void {
    if (this.#localClosed && this.#remoteClosed) this.transport.forget(this);
  }
}
