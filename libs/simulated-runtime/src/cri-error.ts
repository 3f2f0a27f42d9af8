import { status } from '@grpc/grpc-js';

/** A refusal as CRI clients see it: a gRPC code and a message in containerd's words. */
export class CriError extends Error {
  override readonly name = 'CriError';

  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

export const notFound = (message: string): CriError => new CriError(status.NOT_FOUND, message);
export const invalidArgument = (message: string): CriError => new CriError(status.INVALID_ARGUMENT, message);
/** What containerd answers for everything it has no own code for. */
export const unknown = (message: string): CriError => new CriError(status.UNKNOWN, message);
