import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** What generated code knows of a message. */
export interface EncodedType<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
}

/** A larger writer is not kept. */
const KEPT_BYTES = 256 * 1024;

/**
 * Encodes one message after another through one writer: a new one begins with nothing, and allocates and copies its way up to the size
 * of each message.
 */
export class MessageEncoder {
  private writer: BinaryWriter | undefined;

  /** @throws for a message that its type cannot hold */
  encode<T>(type: EncodedType<T>, message: T): Uint8Array {
    const writer = this.writer ?? new BinaryWriter();
    // Until all has gone well: what a failure leaves in a writer must not get into the next message.
    this.writer = undefined;
    const bytes = type.encode(message, writer).finish();
    if (bytes.length <= KEPT_BYTES) this.writer = writer;
    return bytes;
  }
}
