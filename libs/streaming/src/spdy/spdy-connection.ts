import type { Duplex } from 'node:stream';

import { dataHeader, encodeFrame } from './encode-frame';
import { DEFAULT_WINDOW_BYTES, FlowControl, MAX_WINDOW_BYTES } from './flow-control';
import { FrameDecoder } from './frame-decoder';
import {
  GoAwayStatus, MAX_STREAM_ID, RstStatus, SETTINGS_INITIAL_WINDOW_SIZE, SpdyProtocolError, type Setting, type SpdyFrame, type SpdyHeaders,
} from './frames';
import { HeaderCompressor } from './header-block';
import { RECEIVE_WINDOW_BYTES, SpdyStream, type StreamTransport } from './spdy-stream';

/** Small enough that streams take turns, large enough that headers do not matter. */
const MAX_DATA_BYTES = 32 * 1024;
/** Answers a peer has asked for but does not read; beyond this it means harm. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** How long the peer has to hang up after a GOAWAY: closing first could cost it frames that it has not looked at. */
const LINGER_MS = 5000;

export interface SpdyConnectionOptions {
  readonly role: 'client' | 'server';
  /** Streams the peer may have open at once. */
  readonly maxStreams?: number;
  /**
   * Kubernetes' own implementation of SPDY knows no windows: it never opens one. So they are heeded only from the
   * first sign that the peer keeps them (`auto`), or always (`always`).
   */
  readonly flowControl?: 'auto' | 'always';
}

/** SPDY/3.1 over any byte stream: streams, resets, pings, go-away, windows. Malformed input ends the connection, nothing else. */
export class SpdyConnection implements StreamTransport {
  /** Called for each stream the peer opens; it must answer by `reply` or `reset`. */
  onStream: (stream: SpdyStream) => void = (stream) => {
    stream.reset(RstStatus.REFUSED_STREAM);
  };
  /** Resolves when the bytes under it have ended, for whatever reason: see `failure`. */
  readonly closed: Promise<void>;
  /** Why the connection broke, if it did. */
  failure: Error | undefined;

  readonly #streams = new Map<number, SpdyStream>();
  readonly #compressor = new HeaderCompressor();
  readonly #decoder = new FrameDecoder();
  readonly #holding = new Set<SpdyStream>();
  readonly #pings = new Map<number, () => void>();
  readonly #windows: FlowControl;
  readonly #maxStreams: number;
  #nextId: number;
  #nextPing: number;
  #lastPeerId = 0;
  #goneAway = false;
  #ended = false;
  #writers: (() => void)[] = [];
  #linger: NodeJS.Timeout | undefined;
  #resolveClosed: () => void = () => undefined;

  constructor(
    private readonly transport: Duplex,
    private readonly options: SpdyConnectionOptions,
  ) {
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.#nextPing = this.#nextId;
    this.#maxStreams = options.maxStreams ?? 1000;
    this.#windows = new FlowControl(options.flowControl === 'always', { streams: this.#streams, send: (frame) => this.#send(frame) });
    transport.on('data', (chunk: Buffer) => this.#receive(chunk));
    transport.on('drain', () => this.#drained());
    transport.on('end', () => this.#end(undefined));
    transport.on('error', (error: Error) => this.#end(error));
    transport.on('close', () => this.#end(undefined));
    this.#send({ type: 'settings', clear: false, settings: [{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: RECEIVE_WINDOW_BYTES }] });
    // Memory is bounded by the streams' own windows; one for all of them would let a slow stream hold up the others.
    this.#send({ type: 'windowUpdate', streamId: 0, delta: MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES });
  }

  /** Streams that are not closed on both sides. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Opens a stream. What is written to it waits until the peer has answered. @throws Error when the connection is over */
  openStream(headers: SpdyHeaders, options: { readonly fin?: boolean } = {}): SpdyStream {
    if (this.#ended || this.#goneAway || this.#nextId > MAX_STREAM_ID) throw new Error('SPDY connection is closed');
    const streamId = this.#nextId;
    this.#nextId += 2;
    const fin = options.fin ?? false;
    const stream = new SpdyStream(streamId, headers, this, { sendWindow: this.#windows.initialSendWindow, openedHere: true, localClosed: fin, remoteClosed: false });
    this.#streams.set(streamId, stream);
    this.#send({ type: 'synStream', streamId, associatedTo: 0, priority: 0, fin, unidirectional: false, headers });
    return stream;
  }

  /** Resolves when the peer has answered; never if the connection ends first. */
  ping(): Promise<void> {
    const id = this.#nextPing;
    this.#nextPing += 2;
    this.#send({ type: 'ping', id });
    return new Promise((resolve) => this.#pings.set(id, resolve));
  }

  /** Says goodbye: resets what is still open, and closes; a server when the client has hung up, or after a while. */
  close(): void {
    if (this.#ended || this.#goneAway) return;
    for (const stream of [...this.#streams.values()]) stream.reset(RstStatus.CANCEL);
    this.#goneAway = true;
    this.#send({ type: 'goAway', lastStreamId: this.#lastPeerId, status: GoAwayStatus.OK });
    this.#linger = setTimeout(() => this.transport.destroy(), LINGER_MS);
    this.#linger.unref();
    if (this.options.role === 'client') this.transport.end();
    this.transport.resume();
  }

  /** Cuts the connection off. */
  destroy(error?: Error): void {
    this.#end(error);
    this.transport.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#handle(frame);
    } catch (error) {
      if (!(error instanceof SpdyProtocolError)) throw error;
      this.#send({ type: 'goAway', lastStreamId: this.#lastPeerId, status: GoAwayStatus.PROTOCOL_ERROR });
      this.destroy(error);
    }
  }

  #handle(frame: SpdyFrame): void {
    switch (frame.type) {
      case 'synStream':
        this.#handleSynStream(frame);
        return;
      case 'synReply':
        this.#streams.get(frame.streamId)?.receiveReply(frame.headers, frame.fin);
        return;
      case 'headers':
        if (frame.fin) this.#streams.get(frame.streamId)?.receiveData(Buffer.alloc(0), true);
        return;
      case 'rstStream': {
        const stream = this.#streams.get(frame.streamId);
        this.#streams.delete(frame.streamId);
        stream?.receiveReset(`stream was reset by the peer with status ${frame.status}`);
        return;
      }
      case 'data':
        this.#handleData(frame);
        return;
      case 'settings':
        this.#handleSettings(frame.settings);
        return;
      case 'ping':
        // Odd numbers are the client's: one of ours is an answer.
        if (frame.id % 2 !== this.#nextPing % 2) this.#send(frame);
        else this.#pings.get(frame.id)?.();
        this.#pings.delete(frame.id);
        return;
      case 'goAway':
        this.#goneAway = true;
        return;
      case 'windowUpdate':
        this.#windows.widen(frame.streamId, frame.delta);
        return;
    }
  }

  #handleSynStream({ streamId, fin, unidirectional, headers }: Extract<SpdyFrame, { type: 'synStream' }>): void {
    if (streamId === 0 || streamId % 2 === this.#nextId % 2 || streamId <= this.#lastPeerId) {
      throw new SpdyProtocolError(`stream number ${streamId} is not the peer's to use`);
    }
    this.#lastPeerId = streamId;
    if (this.#goneAway) return;
    if (this.#streams.size >= this.#maxStreams) {
      this.#send({ type: 'rstStream', streamId, status: RstStatus.REFUSED_STREAM });
      return;
    }
    const stream = new SpdyStream(streamId, headers, this, { sendWindow: this.#windows.initialSendWindow, openedHere: false, localClosed: unidirectional, remoteClosed: fin });
    if (!(unidirectional && fin)) this.#streams.set(streamId, stream);
    this.onStream(stream);
  }

  #handleData({ streamId, data, fin }: Extract<SpdyFrame, { type: 'data' }>): void {
    this.#windows.received(data.length);
    const stream = this.#streams.get(streamId);
    if (stream?.receiveData(data, fin)) return;
    // Data for a stream that has just been closed here is still under way; for one that never was, it is a mistake.
    const isOwn = streamId % 2 === this.#nextId % 2;
    if (stream) this.#send({ type: 'rstStream', streamId, status: RstStatus.STREAM_ALREADY_CLOSED });
    else if (isOwn ? streamId >= this.#nextId : streamId > this.#lastPeerId) {
      this.#send({ type: 'rstStream', streamId, status: RstStatus.INVALID_STREAM });
    }
  }

  #handleSettings(settings: readonly Setting[]): void {
    for (const { id, value } of settings) {
      if (id === SETTINGS_INITIAL_WINDOW_SIZE) this.#windows.setInitialSendWindow(value);
    }
    this.#windows.flush();
  }

  sendData(stream: SpdyStream, data: Buffer, fin: boolean): number {
    if (this.#ended) return data.length;
    if (data.length === 0) {
      this.#write(dataHeader(stream.id, 0, fin));
      return 0;
    }
    const allowed = this.#windows.allowed(stream, data.length);
    let sent = 0;
    while (sent < allowed) {
      const length = Math.min(MAX_DATA_BYTES, allowed - sent);
      this.transport.cork();
      this.#write(dataHeader(stream.id, length, false));
      this.#write(data.subarray(sent, sent + length));
      this.transport.uncork();
      sent += length;
    }
    this.#windows.sent(stream, sent);
    return sent;
  }

  whenWritable(callback: () => void): void {
    if (this.#ended || !this.transport.writableNeedDrain) callback();
    else this.#writers.push(callback);
  }

  reply(stream: SpdyStream, headers: SpdyHeaders, fin: boolean): void {
    this.#send({ type: 'synReply', streamId: stream.id, fin, headers });
  }

  reset(stream: SpdyStream, status: number): void {
    if (this.#streams.delete(stream.id)) this.#send({ type: 'rstStream', streamId: stream.id, status });
  }

  consumed(stream: SpdyStream, bytes: number): void {
    this.#windows.consumed(stream, bytes);
  }

  holdUp(stream: SpdyStream, hold: boolean): void {
    if (hold) this.#holding.add(stream);
    else this.#holding.delete(stream);
    if (this.#holding.size > 0 && !this.#goneAway) this.transport.pause();
    else this.transport.resume();
  }

  forget(stream: SpdyStream): void {
    this.#streams.delete(stream.id);
    this.#windows.forget(stream);
  }

  #send(frame: SpdyFrame): void {
    if (this.#ended) return;
    this.#write(encodeFrame(frame, this.#compressor));
    if (this.transport.writableLength > MAX_UNREAD_BYTES && frame.type !== 'data') {
      this.destroy(new SpdyProtocolError('peer does not read what it asks for'));
    }
  }

  #write(bytes: Buffer): void {
    if (this.transport.writable) this.transport.write(bytes);
  }

  #drained(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer();
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.failure = error;
    clearTimeout(this.#linger);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.receiveReset(error ? `connection failed: ${error.message}` : 'connection was closed');
    this.#holding.clear();
    this.#drained();
    if (this.transport.writable) this.transport.end();
    this.#resolveClosed();
  }
}
