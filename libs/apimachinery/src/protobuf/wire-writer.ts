import { wireType } from './wire-reader';

/** Writes protobuf's wire format into a buffer that grows. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(1024);
  private length = 0;

  /** What was written; the writer must not be used any more. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  tag(field: number, wire: number): void {
    this.uint32(field * 8 + wire);
  }

  uint32(value: number): void {
    let rest = value;
    this.reserve(10);
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.buffer[this.length++] = (rest % 128) | 0x80;
    this.buffer[this.length++] = rest;
  }

  /** A signed varint of 32 or 64 bits: negative ones take ten bytes. */
  int64(value: bigint | number): void {
    if (typeof value === 'number' && value >= 0) {
      this.uint32(value);
      return;
    }
    this.reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
    this.buffer[this.length++] = Number(rest);
  }

  double(value: number): void {
    this.reserve(8);
    this.buffer.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  stringField(field: number, value: string): void {
    this.tag(field, wireType.bytes);
    const size = Buffer.byteLength(value);
    this.uint32(size);
    this.reserve(size);
    this.buffer.write(value, this.length, 'utf8');
    this.length += size;
  }

  bytesField(field: number, value: Uint8Array): void {
    this.tag(field, wireType.bytes);
    this.uint32(value.length);
    this.raw(value);
  }

  /** A sub-message: written first, then moved to make room for its length. */
  messageField(field: number, write: () => void): void {
    this.tag(field, wireType.bytes);
    const start = this.length;
    // Most messages are short: room for one byte of length.
    this.reserve(1);
    this.length++;
    write();
    const end = this.length;
    const size = end - start - 1;
    if (size >= 0x80) {
      this.reserve(10);
      this.buffer.copyWithin(start + lengthBytes(size), start + 1, end);
    }
    this.length = start;
    this.uint32(size);
    this.length += size;
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}

/** How many bytes a varint takes. */
function lengthBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
