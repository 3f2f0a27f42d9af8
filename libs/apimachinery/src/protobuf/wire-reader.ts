import { DecodeError } from '../json/decode-error';

/** How a value lies on the wire. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** Reads protobuf's wire format. Never reads past its end: hostile bytes give a DecodeError. */
export class WireReader {
  private at: number;

  constructor(private readonly bytes: Uint8Array, start = 0, private readonly end = bytes.length) {
    this.at = start;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** Field number and wire type, of a message of a Go type. */
  tag(typeName: string): { field: number; wire: number } {
    const tag = this.varint32();
    const [field, wire] = [tag >>> 3, tag & 7];
    if (wire === wireType.endGroup) throw new DecodeError(`proto: ${typeName}: wiretype end group for non-group`);
    if (field === 0) throw new DecodeError(`proto: ${typeName}: illegal tag 0 (wire type ${tag})`);
    return { field, wire };
  }

  /** The lowest 32 bits of a varint, unsigned. */
  varint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new DecodeError('proto: integer overflow');
  }

  /** A signed 64-bit varint: a number where it is exact, else a bigint. */
  int64(): bigint | number {
    const start = this.at;
    // Small ones, which are nearly all, without bigints.
    let value = 0;
    for (let scale = 1; scale <= 2 ** 42; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    this.at = start;
    let big = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      big |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const signed = BigInt.asIntN(64, big);
        return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(signed) : signed;
      }
    }
    throw new DecodeError('proto: integer overflow');
  }

  int32(): number {
    return this.varint32() | 0;
  }

  double(): number {
    const view = this.take(8);
    return new DataView(view.buffer, view.byteOffset, 8).getFloat64(0, true);
  }

  /** Bytes with their length in front; shares memory. */
  chunk(): Uint8Array {
    return this.take(this.length());
  }

  string(): string {
    const chunk = this.chunk();
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('utf8');
  }

  /** Passes over a field that nobody knows. */
  skip(wire: number): void {
    switch (wire) {
      case wireType.varint:
        this.int64();
        return;
      case wireType.fixed64:
        this.take(8);
        return;
      case wireType.bytes:
        this.chunk();
        return;
      case wireType.fixed32:
        this.take(4);
        return;
      case wireType.startGroup:
        this.skipGroup();
        return;
      default:
        throw new DecodeError(`proto: illegal wireType ${wire}`);
    }
  }

  /** Passes over a group and those in it. */
  private skipGroup(): void {
    for (let depth = 1; depth > 0;) {
      const wire = this.varint32() & 7;
      if (wire === wireType.startGroup) depth++;
      else if (wire === wireType.endGroup) depth--;
      else this.skip(wire);
    }
  }

  /** All 64 bits count: one that only looks small in the lower ones reaches beyond the end. */
  private length(): number {
    const length = this.int64();
    if (length < 0) throw new DecodeError('proto: negative length found during unmarshaling');
    return Number(length);
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined || this.at >= this.end) throw new DecodeError('unexpected EOF');
    this.at++;
    return byte;
  }

  private take(length: number): Uint8Array {
    if (length > this.end - this.at) throw new DecodeError('unexpected EOF');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
