import { FLAG_CLEAR_SETTINGS, FLAG_FIN, FLAG_UNIDIRECTIONAL, FrameType, MAX_STREAM_ID, SPDY_VERSION, SpdyProtocolError, type Setting, type SpdyFrame } from './frames';
import { HeaderDecompressor } from './header-block';

const HEADER_BYTES = 8;
/** Data frames are passed on as they arrive; a control frame must be held whole, so it must be small. */
const MAX_CONTROL_BYTES = 64 * 1024;

/** Frames out of bytes, however these are cut. Keeps at most one control frame. */
export class FrameDecoder {
  readonly #decompressor = new HeaderDecompressor();
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The data frame whose payload is being passed on. */
  #data: { readonly streamId: number; readonly fin: boolean; left: number } | undefined;

  /**
   * Takes the next bytes and yields the frames they complete.
   * @throws SpdyProtocolError for what cannot be a frame; the decoder is then of no more use
   */
  *push(chunk: Buffer): Generator<SpdyFrame, void, undefined> {
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    }
    for (;;) {
      const frame = this.#data ? this.#takeData(this.#data) : this.#takeFrame();
      if (frame === undefined) return;
      if (frame !== 'more') yield frame;
    }
  }

  #takeData(data: { readonly streamId: number; readonly fin: boolean; left: number }): SpdyFrame | undefined {
    const first = this.#chunks[0];
    if (!first) return undefined;
    const piece = this.#take(Math.min(first.length, data.left));
    data.left -= piece.length;
    if (data.left === 0) this.#data = undefined;
    return { type: 'data', streamId: data.streamId, fin: data.left === 0 && data.fin, data: piece };
  }

  #takeFrame(): SpdyFrame | 'more' | undefined {
    if (this.#bytes < HEADER_BYTES) return undefined;
    const header = this.#peek(HEADER_BYTES);
    const first = header.readUInt32BE(0);
    const flags = header.readUInt8(4);
    const length = header.readUIntBE(5, 3);
    if (first <= MAX_STREAM_ID) {
      this.#take(HEADER_BYTES);
      const fin = (flags & FLAG_FIN) !== 0;
      if (length === 0) return { type: 'data', streamId: first, fin, data: Buffer.alloc(0) };
      this.#data = { streamId: first, fin, left: length };
      return 'more';
    }
    const version = (first >>> 16) & 0x7fff;
    if (version !== SPDY_VERSION) throw new SpdyProtocolError(`SPDY version ${version} is not supported`);
    if (length > MAX_CONTROL_BYTES) throw new SpdyProtocolError(`control frame of ${length} bytes is too large`);
    if (this.#bytes < HEADER_BYTES + length) return undefined;
    this.#take(HEADER_BYTES);
    return this.#control(first & 0xffff, flags, this.#take(length)) ?? 'more';
  }

  /** Undefined for types that this version of the protocol does not know: they are skipped, as it asks for. */
  #control(type: number, flags: number, payload: Buffer): SpdyFrame | undefined {
    const number = (at: number): number => {
      if (payload.length < at + 4) throw new SpdyProtocolError(`control frame of type ${type} is cut short`);
      return payload.readUInt32BE(at);
    };
    const id = (at: number): number => number(at) & MAX_STREAM_ID;
    const fin = (flags & FLAG_FIN) !== 0;
    switch (type) {
      case FrameType.SYN_STREAM: {
        if (payload.length < 10) throw new SpdyProtocolError('SYN_STREAM is cut short');
        const headers = this.#decompressor.decompress(payload.subarray(10));
        return { type: 'synStream', streamId: id(0), associatedTo: id(4), priority: payload.readUInt8(8) >>> 5, fin, unidirectional: (flags & FLAG_UNIDIRECTIONAL) !== 0, headers };
      }
      case FrameType.SYN_REPLY:
        return { type: 'synReply', streamId: id(0), fin, headers: this.#decompressor.decompress(payload.subarray(4)) };
      case FrameType.HEADERS:
        return { type: 'headers', streamId: id(0), fin, headers: this.#decompressor.decompress(payload.subarray(4)) };
      case FrameType.RST_STREAM:
        return { type: 'rstStream', streamId: id(0), status: number(4) };
      case FrameType.SETTINGS:
        return { type: 'settings', clear: (flags & FLAG_CLEAR_SETTINGS) !== 0, settings: settingsOf(number(0), payload.subarray(4)) };
      case FrameType.PING:
        return { type: 'ping', id: number(0) };
      case FrameType.GOAWAY:
        return { type: 'goAway', lastStreamId: id(0), status: number(4) };
      case FrameType.WINDOW_UPDATE:
        return { type: 'windowUpdate', streamId: id(0), delta: id(4) };
      default:
        return undefined;
    }
  }

  #peek(length: number): Buffer {
    if ((this.#chunks[0]?.length ?? 0) < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return (this.#chunks[0] ?? Buffer.alloc(0)).subarray(0, length);
  }

  #take(length: number): Buffer {
    const taken = this.#peek(length);
    const first = this.#chunks[0];
    if (first) {
      if (first.length > length) this.#chunks[0] = first.subarray(length);
      else this.#chunks.shift();
    }
    this.#bytes -= length;
    return taken;
  }
}

function settingsOf(count: number, entries: Buffer): Setting[] {
  if (entries.length !== count * 8) throw new SpdyProtocolError(`SETTINGS has ${entries.length} bytes for ${count} entries`);
  return Array.from({ length: count }, (_, index) => ({
    flags: entries.readUInt8(8 * index),
    id: entries.readUIntBE(8 * index + 1, 3),
    value: entries.readUInt32BE(8 * index + 4),
  }));
}
