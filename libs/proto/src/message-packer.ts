import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** A kind of message, as it is generated. */
export interface PackedType<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
}

/** Turns messages into bytes, one after the other, in a buffer that has grown to their size: a writer for each grows anew each time. */
export class MessagePacker {
  #writer = new BinaryWriter();

  pack<T>(type: PackedType<T>, message: T): Uint8Array {
    try {
      return type.encode(message, this.#writer).finish();
    } catch (error) {
      // What it has of a message that cannot be written must not begin the next.
      this.#writer = new BinaryWriter();
      throw error;
    }
  }
}
