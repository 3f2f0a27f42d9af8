import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { WatchOutput } from '../watch/framing';
import { chunkedSocket, chunkOf } from './chunked-coding';
import type { Exchange } from './exchange';

/** Takes a chunk of frames apart, for sinks that send each of them by itself. */
export type SplitFrames = (chunk: Buffer) => Iterable<Buffer>;

/** A watch's frames into a stream, which may have its own idea of what a message is; `below` takes them where that is another one. */
export function watchOutput(exchange: Pick<Exchange, 'bytesWritten'>, sink: Writable, split: SplitFrames = (chunk) => [chunk], below = sink): WatchOutput {
  return {
    get waitingBytes() {
      return below.writableLength;
    },
    write: (chunk) => {
      if (sink.destroyed || sink.writableEnded) return;
      exchange.bytesWritten += chunk.length;
      for (const part of split(chunk)) below.write(part);
    },
    drained: async () => {
      if (sink.destroyed || !below.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve));
      else await Promise.race([once(below, 'drain'), once(sink, 'close')]);
    },
    end: (reason) => {
      // A slow client would not read an orderly end either.
      if (reason === 'too slow') sink.destroy();
      else sink.end();
    },
  };
}

/** A watch's frames into an answer that has begun. */
export function answerOutput(exchange: Pick<Exchange, 'bytesWritten' | 'response'>): WatchOutput {
  const sink = exchange.response as unknown as Writable;
  const socket = chunkedSocket(exchange.response);
  return socket ? watchOutput(exchange, sink, (frames) => [chunkOf(frames)], socket) : watchOutput(exchange, sink);
}

const NEWLINE = 0x0a;

/** Frames of JSON are lines: no string in them holds one. */
export function* jsonFrames(chunk: Buffer): Generator<Buffer> {
  for (let start = 0; start < chunk.length;) {
    const end = chunk.indexOf(NEWLINE, start);
    if (end < 0) {
      yield chunk.subarray(start);
      return;
    }
    yield chunk.subarray(start, end + 1);
    start = end + 1;
  }
}

const LENGTH_BYTES = 4;

/** Frames of protobuf begin with their length, which a message has no need of. */
export function* protobufFrames(chunk: Buffer): Generator<Buffer> {
  for (let start = 0; start + LENGTH_BYTES <= chunk.length;) {
    const end = start + LENGTH_BYTES + chunk.readUInt32BE(start);
    yield chunk.subarray(start + LENGTH_BYTES, end);
    start = end;
  }
}
