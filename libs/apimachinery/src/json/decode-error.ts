/** A body that cannot be read, or does not fit its type. The message is what Go's decoder says. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}
