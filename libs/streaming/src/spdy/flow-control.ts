import { RstStatus, SpdyProtocolError, type SpdyFrame } from './frames';
import { RECEIVE_WINDOW_BYTES, type SpdyStream } from './spdy-stream';

/** What a sender may have under way on a stream, and on all together, until it hears more. */
export const DEFAULT_WINDOW_BYTES = 64 * 1024;
export const MAX_WINDOW_BYTES = 0x7fffffff;

export interface FlowControlDeps {
  /** Streams that are not closed on both sides, by their numbers. */
  readonly streams: ReadonlyMap<number, SpdyStream>;
  readonly send: (frame: SpdyFrame) => void;
}

/** The windows of a connection and its streams: what may be sent now, and what the peer is told that it may send. */
export class FlowControl {
  /** What a new stream may send. */
  initialSendWindow = DEFAULT_WINDOW_BYTES;
  #sendWindow = DEFAULT_WINDOW_BYTES;
  /** Bytes that the peer has sent on all streams and was not told that it may send again. */
  #sessionCredit = 0;
  /** The same for single streams, as far as their readers have taken it. */
  readonly #uncredited = new Map<SpdyStream, number>();

  /** `heeded`: whether windows count. Where not, they do from the first sign that the peer keeps them. */
  constructor(private heeded: boolean, private readonly deps: FlowControlDeps) {}

  /** How many of these bytes a stream may send now. */
  allowed(stream: SpdyStream, bytes: number): number {
    return this.heeded ? Math.min(bytes, stream.sendWindow, this.#sendWindow) : bytes;
  }

  sent(stream: SpdyStream, bytes: number): void {
    stream.sendWindow -= bytes;
    this.#sendWindow -= bytes;
  }

  /** The window of all streams together is given back at once: see the connection's constructor. */
  received(bytes: number): void {
    this.#sessionCredit += bytes;
    if (!this.heeded || this.#sessionCredit < MAX_WINDOW_BYTES / 4) return;
    this.deps.send({ type: 'windowUpdate', streamId: 0, delta: this.#sessionCredit });
    this.#sessionCredit = 0;
  }

  /** The reader of a stream has taken this much. */
  consumed(stream: SpdyStream, bytes: number): void {
    const credit = (this.#uncredited.get(stream) ?? 0) + bytes;
    // A peer without windows has no use for it, and once it has hung up a kernel answers with a reset, which costs us
    // all that it sent and we have not read.
    if (!this.heeded || credit < RECEIVE_WINDOW_BYTES / 2 || !this.deps.streams.has(stream.id)) {
      this.#uncredited.set(stream, credit);
      return;
    }
    this.#uncredited.delete(stream);
    this.deps.send({ type: 'windowUpdate', streamId: stream.id, delta: credit });
  }

  forget(stream: SpdyStream): void {
    this.#uncredited.delete(stream);
  }

  /** The peer says with how large a window streams begin. */
  setInitialSendWindow(bytes: number): void {
    if (bytes > MAX_WINDOW_BYTES) throw new SpdyProtocolError(`initial window of ${bytes} bytes is too large`);
    this.#heed();
    for (const stream of this.deps.streams.values()) stream.sendWindow += bytes - this.initialSendWindow;
    this.initialSendWindow = bytes;
  }

  /** The peer may be sent this much more, on one stream or, as number 0, on all together. */
  widen(streamId: number, delta: number): void {
    this.#heed();
    if (streamId === 0) {
      this.#sendWindow += delta;
      if (this.#sendWindow > MAX_WINDOW_BYTES) throw new SpdyProtocolError('session window overflows');
      this.flush();
      return;
    }
    const stream = this.deps.streams.get(streamId);
    if (!stream) return;
    stream.sendWindow += delta;
    if (stream.sendWindow > MAX_WINDOW_BYTES) stream.reset(RstStatus.FLOW_CONTROL_ERROR);
    else stream.flush();
  }

  /** Sends what waited for wider windows. */
  flush(): void {
    for (const stream of [...this.deps.streams.values()]) stream.flush();
  }

  /** The peer keeps windows: it is owed what its streams have had until now. */
  #heed(): void {
    if (this.heeded) return;
    this.heeded = true;
    this.received(0);
    for (const stream of [...this.#uncredited.keys()]) this.consumed(stream, 0);
  }
}
