import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import { SpdyProtocolError, type SpdyHeaders } from './frames';
import { HEADER_DICTIONARY, HEADER_DICTIONARY_ID } from './header-dictionary';

/** How far back deflate can refer. */
const WINDOW_BYTES = 32 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_PAIRS = 256;
const ZLIB_HEADER_BYTES = 6;

/**
 * All header blocks of one direction are one zlib stream, flushed to a byte after each. Node offers such streams
 * only asynchronously; but a flushed piece is a raw deflate stream of its own whose dictionary is what came before
 * it, and those can be packed and unpacked at once. This remembers what came before.
 */
class Window {
  #bytes = HEADER_DICTIONARY;

  get bytes(): Buffer {
    return this.#bytes;
  }

  add(plain: Buffer): void {
    const all = Buffer.concat([this.#bytes, plain]);
    this.#bytes = all.length > WINDOW_BYTES ? Buffer.from(all.subarray(all.length - WINDOW_BYTES)) : all;
  }
}

/** Packs header blocks, in the order they are sent. */
export class HeaderCompressor {
  readonly #window = new Window();
  #first = true;

  compress(headers: SpdyHeaders): Buffer {
    const plain = encodePairs(headers);
    const packed = deflateRawSync(plain, { dictionary: this.#window.bytes, finishFlush: constants.Z_SYNC_FLUSH });
    this.#window.add(plain);
    if (!this.#first) return packed;
    this.#first = false;
    const start = Buffer.from([0x78, 0xbb, 0, 0, 0, 0]);
    start.writeUInt32BE(HEADER_DICTIONARY_ID, 2);
    return Buffer.concat([start, packed]);
  }
}

/** Unpacks header blocks, in the order they were received. */
export class HeaderDecompressor {
  readonly #window = new Window();
  #first = true;

  /** @throws SpdyProtocolError for what is not a header block */
  decompress(packed: Buffer): SpdyHeaders {
    let body = packed;
    if (this.#first) {
      body = withoutZlibHeader(packed);
      this.#first = false;
    }
    let plain: Buffer;
    try {
      plain = inflateRawSync(body, { dictionary: this.#window.bytes, finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_HEADER_BYTES });
    } catch (error) {
      throw new SpdyProtocolError('header block cannot be unpacked', { cause: error });
    }
    this.#window.add(plain);
    return decodePairs(plain);
  }
}

function withoutZlibHeader(packed: Buffer): Buffer {
  const isZlib = packed.length >= ZLIB_HEADER_BYTES && ((packed[0] ?? 0) & 0x0f) === 8 && packed.readUInt16BE(0) % 31 === 0;
  if (!isZlib) throw new SpdyProtocolError('header block is not zlib');
  const hasDictionary = ((packed[1] ?? 0) & 0x20) !== 0;
  if (!hasDictionary) return packed.subarray(2);
  if (packed.readUInt32BE(2) !== HEADER_DICTIONARY_ID) throw new SpdyProtocolError('header block uses another dictionary');
  return packed.subarray(ZLIB_HEADER_BYTES);
}

function encodePairs(headers: SpdyHeaders): Buffer {
  const parts: Buffer[] = [uint32(headers.size)];
  for (const [name, values] of headers) {
    for (const text of [name.toLowerCase(), values.join('\0')]) {
      const bytes = Buffer.from(text);
      parts.push(uint32(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function decodePairs(plain: Buffer): SpdyHeaders {
  let at = 0;
  const number = (): number => {
    if (at + 4 > plain.length) throw new SpdyProtocolError('header block is cut short');
    at += 4;
    return plain.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > plain.length) throw new SpdyProtocolError('header block is cut short');
    at += length;
    return plain.toString('utf8', at - length, at);
  };
  const pairs = number();
  if (pairs > MAX_PAIRS) throw new SpdyProtocolError(`header block has ${pairs} headers`);
  const headers = new Map<string, readonly string[]>();
  for (let i = 0; i < pairs; i++) {
    const name = text();
    if (name === '' || name !== name.toLowerCase()) throw new SpdyProtocolError('header name is empty or not lower-case');
    if (headers.has(name)) throw new SpdyProtocolError(`header ${name} is there twice`);
    headers.set(name, text().split('\0'));
  }
  return headers;
}
