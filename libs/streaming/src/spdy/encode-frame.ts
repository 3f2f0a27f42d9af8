import { FLAG_CLEAR_SETTINGS, FLAG_FIN, FLAG_UNIDIRECTIONAL, FrameType, MAX_STREAM_ID, SPDY_VERSION, type SpdyFrame } from './frames';
import type { HeaderCompressor } from './header-block';

/** The largest payload a frame's length field can tell. */
const MAX_PAYLOAD = 0xffffff;

function control(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x8000 | SPDY_VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index));
  return bytes;
}

/** The eight bytes before a data frame's payload. */
export function dataHeader(streamId: number, length: number, fin: boolean): Buffer {
  if (length > MAX_PAYLOAD) throw new RangeError(`data of ${length} bytes does not fit into a frame`);
  return numbers(streamId & MAX_STREAM_ID, ((fin ? FLAG_FIN : 0) << 24) | length);
}

/** A frame's bytes. Frames with headers must be encoded in the order they are sent. */
export function encodeFrame(frame: SpdyFrame, compressor: HeaderCompressor): Buffer {
  switch (frame.type) {
    case 'synStream': {
      const flags = (frame.fin ? FLAG_FIN : 0) | (frame.unidirectional ? FLAG_UNIDIRECTIONAL : 0);
      const start = Buffer.concat([numbers(frame.streamId, frame.associatedTo), Buffer.from([(frame.priority & 7) << 5, 0])]);
      return control(FrameType.SYN_STREAM, flags, Buffer.concat([start, compressor.compress(frame.headers)]));
    }
    case 'synReply':
    case 'headers': {
      const type = frame.type === 'synReply' ? FrameType.SYN_REPLY : FrameType.HEADERS;
      return control(type, frame.fin ? FLAG_FIN : 0, Buffer.concat([numbers(frame.streamId), compressor.compress(frame.headers)]));
    }
    case 'rstStream':
      return control(FrameType.RST_STREAM, 0, numbers(frame.streamId, frame.status));
    case 'settings': {
      const entries = frame.settings.flatMap(({ id, flags, value }) => [((flags & 0xff) << 24) | (id & 0xffffff), value]);
      return control(FrameType.SETTINGS, frame.clear ? FLAG_CLEAR_SETTINGS : 0, numbers(frame.settings.length, ...entries));
    }
    case 'ping':
      return control(FrameType.PING, 0, numbers(frame.id));
    case 'goAway':
      return control(FrameType.GOAWAY, 0, numbers(frame.lastStreamId, frame.status));
    case 'windowUpdate':
      return control(FrameType.WINDOW_UPDATE, 0, numbers(frame.streamId, frame.delta));
    case 'data':
      return Buffer.concat([dataHeader(frame.streamId, frame.data.length, frame.fin), frame.data]);
  }
}
