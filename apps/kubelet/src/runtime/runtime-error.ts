import { type ServiceError, status as Code } from '@grpc/grpc-js';
import { goRpcText } from '../rpc-error-text';
import { RuntimeUnsupportedError } from '../runtime';

/** A gRPC error of the runtime in the form upstream's messages show it. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';

  constructor(readonly code: Code, readonly details: string) {
    super(goRpcText(code, details));
  }
}

/** What a call that failed with this status rejects with. */
export function runtimeError(code: Code, details: string): Error {
  return code === Code.UNIMPLEMENTED ? new RuntimeUnsupportedError(details) : new RuntimeError(code, details);
}

/** What a gRPC call failed with, as the kubelet's callers know it. */
export function asRuntimeError(error: unknown): Error {
  if (isServiceError(error)) return runtimeError(error.code, error.details);
  return error instanceof Error ? error : new Error('runtime call failed', { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
