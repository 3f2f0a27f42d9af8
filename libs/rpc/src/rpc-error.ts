import { status } from '@grpc/grpc-js';

/** A gRPC failure without a Kubernetes Status: from services that are not ours (CRI), and from the transport. */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(
    readonly code: status,
    readonly details: string,
    options?: ErrorOptions,
  ) {
    super(`${status[code]}: ${details}`, options);
  }
}

/** Whether this is an RpcError, and of this code if one is given; looks through wrapped causes. */
export function isRpcError(error: unknown, code?: status): boolean {
  const found = findRpcError(error);
  return found !== undefined && (code === undefined || found.code === code);
}

/** The RpcError in a chain of causes. */
export function findRpcError(error: unknown): RpcError | undefined {
  // The limit guards against a chain that loops.
  for (let depth = 0, current = error; depth < 16 && current instanceof Error; depth++, current = current.cause) {
    if (current.name === 'RpcError' && 'code' in current && typeof current.code === 'number') return current as RpcError;
  }
  return undefined;
}
