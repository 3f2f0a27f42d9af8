import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** A kind of message, as it is generated. */
export interface PackedType<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
}

/** As large are frames of many objects. A writer whose message was larger goes, and its buffer with it. */
const LARGEST_KEPT_BYTES = 1024 * 1024;

/** Turns messages into bytes, one after the other, in a buffer that has grown to their size: a writer for each grows anew each time. */
export class MessagePacker {
  #writer = new BinaryWriter();

  pack<T>(type: PackedType<T>, message: T): Uint8Array {
    try {
      const bytes = type.encode(message, this.#writer).finish();
      if (bytes.length > LARGEST_KEPT_BYTES) this.#writer = new BinaryWriter();
      return bytes;
    } catch (error) {
      // What it has of a message that cannot be written must not begin the next.
      this.#writer = new BinaryWriter();
      throw error;
    }
  }
}

const shared = new MessagePacker();

/** A message's bytes, as generated services send them. */
export function packed<T>(type: PackedType<T>, message: T): Buffer {
  const { buffer, byteOffset, byteLength } = shared.pack(type, message);
  return Buffer.from(buffer, byteOffset, byteLength);
}
