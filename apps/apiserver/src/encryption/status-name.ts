import { findRpcError, RpcStatus } from '@navarch/rpc';

const NAMES = new Map(
  Object.entries(RpcStatus).map(([name, code]) => [
    code,
    name === 'CANCELLED' ? 'Canceled' : name.toLowerCase().replace(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase()),
  ]),
);

/** How an error of a KMS plug-in is named in metrics: the gRPC code as Go writes it; what came before any call has none. */
export function statusName(error: unknown): string {
  const code = findRpcError(error)?.code;
  return code === undefined ? 'unknown-non-grpc' : NAMES.get(code) ?? 'Unknown';
}
