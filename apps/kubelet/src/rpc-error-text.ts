import { status as Code } from '@grpc/grpc-js';
import { findRpcError } from '@navarch/rpc';
import { errorText } from './error-text';

/** A gRPC error as upstream's messages show it. */
export function goRpcText(code: Code, details: string): string {
  return `rpc error: code = ${codeName(code)} desc = ${details}`;
}

/** What a failed call says, as upstream's messages show it. */
export function callErrorText(error: unknown): string {
  const found = findRpcError(error);
  return found === undefined ? errorText(error) : goRpcText(found.code, found.details);
}

/** Go's spelling: NotFound for NOT_FOUND. */
export function codeName(code: Code): string {
  if (code === Code.OK) return 'OK';
  if (code === Code.CANCELLED) return 'Canceled';
  return Code[code].split('_').map((word) => word.charAt(0) + word.slice(1).toLowerCase()).join('');
}
