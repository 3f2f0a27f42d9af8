import { csiv1 } from '@navarch/proto';
import { findRpcError, type ServiceClient } from '@navarch/rpc';

/** Told of every call of a driver: `code` is gRPC's name of how it ended. */
export type CsiCallObserver = (driver: string, method: string, code: string, seconds: number) => void;

type Node = ServiceClient<typeof csiv1.NodeService>;
type Call = (...args: readonly unknown[]) => Promise<unknown>;

/** gRPC's codes as Go writes them, by number. */
const codeNames = [
  'OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal',
  'Unavailable', 'DataLoss', 'Unauthenticated',
];

/** The same client, whose calls are told of. */
export function observedNode(node: Node, driver: string, onCall: CsiCallObserver): Node {
  const observed = Object.entries(csiv1.NodeService).map(([name, { path }]) => {
    const call = node[name as keyof Node] as Call;
    return [name, async (...args: readonly unknown[]): Promise<unknown> => {
      const began = performance.now();
      const tell = (code: string): void => onCall(driver, path, code, (performance.now() - began) / 1000);
      try {
        const answer = await call(...args);
        tell('OK');
        return answer;
      } catch (error) {
        const code = findRpcError(error)?.code;
        tell(code === undefined ? 'unknown-non-grpc' : (codeNames[code] ?? 'Unknown'));
        throw error;
      }
    }];
  });
  return Object.fromEntries(observed) as Node;
}
