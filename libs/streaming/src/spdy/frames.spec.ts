import fc from 'fast-check';
import { constants, createInflate } from 'node:zlib';

import { encodeFrame } from './encode-frame';
import { FrameDecoder } from './frame-decoder';
import { SpdyProtocolError, type SpdyFrame } from './frames';
import { HeaderCompressor } from './header-block';
import { HEADER_DICTIONARY, HEADER_DICTIONARY_ID } from './header-dictionary';

const streamId = fc.integer({ min: 1, max: 0x7fffffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const value = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'));
const headers = fc.array(fc.tuple(name, fc.array(value, { minLength: 1, maxLength: 3 })), { maxLength: 6 }).map((pairs) => new Map(pairs));
const bool = fc.boolean();

const frame: fc.Arbitrary<SpdyFrame> = fc.oneof(
  fc.record({ type: fc.constant('synStream' as const), streamId, associatedTo: fc.nat(), priority: fc.integer({ min: 0, max: 7 }), fin: bool, unidirectional: bool, headers }),
  fc.record({ type: fc.constant('synReply' as const), streamId, fin: bool, headers }),
  fc.record({ type: fc.constant('headers' as const), streamId, fin: bool, headers }),
  fc.record({ type: fc.constant('rstStream' as const), streamId, status: uint32 }),
  fc.record({
    type: fc.constant('settings' as const),
    clear: bool,
    settings: fc.array(fc.record({ id: fc.integer({ min: 0, max: 0xffffff }), flags: fc.integer({ min: 0, max: 255 }), value: uint32 }), { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('ping' as const), id: uint32 }),
  fc.record({ type: fc.constant('goAway' as const), lastStreamId: fc.nat(), status: uint32 }),
  fc.record({ type: fc.constant('windowUpdate' as const), streamId: fc.nat(), delta: fc.nat() }),
  fc.record({ type: fc.constant('data' as const), streamId, fin: bool, data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) }),
);

/** Joins the pieces that a data frame was decoded into. */
function joinData(frames: readonly SpdyFrame[], expected: readonly SpdyFrame[]): SpdyFrame[] {
  const joined: SpdyFrame[] = [];
  let pieces: Buffer[] = [];
  for (const next of frames) {
    const want = expected[joined.length];
    if (next.type === 'data' && want?.type === 'data') {
      pieces.push(next.data);
      const data = Buffer.concat(pieces);
      if (data.length < want.data.length) continue;
      joined.push({ ...next, data });
      pieces = [];
    } else joined.push(next);
  }
  return joined;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe('SPDY frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 8 }), (frames, sizes) => {
        const compressor = new HeaderCompressor();
        const bytes = Buffer.concat(frames.map((one) => encodeFrame(one, compressor)));
        const decoder = new FrameDecoder();
        const decoded = cut(bytes, sizes).flatMap((chunk) => [...decoder.push(chunk)]);
        expect(joinData(decoded, frames)).toEqual(frames);
      }),
      { numRuns: 300 },
    );
  });

  it('throw nothing but a protocol error for any bytes', () => {
    const control = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 60 })).map(([type, payload]) => {
      return Buffer.concat([Buffer.from([0x80, 3, 0, type, 0, 0, 0, payload.length]), payload]);
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)), control), (bytes) => {
        try {
          for (const decoded of new FrameDecoder().push(bytes)) expect(decoded.type).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(SpdyProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('survive the change of any byte', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (frames, at, flip) => {
        const compressor = new HeaderCompressor();
        const bytes = Buffer.concat(frames.map((one) => encodeFrame(one, compressor)));
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        try {
          for (const decoded of new FrameDecoder().push(bytes)) expect(decoded.type).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(SpdyProtocolError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuse control frames that would have to be held', () => {
    expect(() => [...new FrameDecoder().push(Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]))]).toThrow(SpdyProtocolError);
  });

  it('refuse another version', () => {
    expect(() => [...new FrameDecoder().push(Buffer.from([0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]))]).toThrow('version 2');
  });
});

describe('header compression', () => {
  it('uses the dictionary of the protocol', () => {
    let a = 1;
    let b = 0;
    for (const byte of HEADER_DICTIONARY) {
      a = (a + byte) % 65521;
      b = (b + a) % 65521;
    }
    expect((b * 65536 + a).toString(16)).toBe(HEADER_DICTIONARY_ID.toString(16));
  });

  it('yields one zlib stream that any zlib reads', async () => {
    const compressor = new HeaderCompressor();
    const blocks = ['stdin', 'stdout', 'error'].map((kind) => compressor.compress(new Map([['streamtype', [kind]]])));
    const inflate = createInflate({ dictionary: HEADER_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });
    const plain: Buffer[] = [];
    inflate.on('data', (chunk: Buffer) => plain.push(chunk));
    for (const block of blocks) inflate.write(block);
    inflate.end();
    await new Promise((resolve) => inflate.on('end', resolve));
    const text = Buffer.concat(plain).toString('latin1');
    expect(text.match(/streamtype/g)).toHaveLength(3);
    expect(blocks[2]?.length).toBeLessThan(blocks[0]?.length ?? 0);
  });
});
