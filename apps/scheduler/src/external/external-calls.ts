import { isRpcError, RpcStatus } from '@navarch/rpc';

/** What became of a call to another process. */
export type CallOutcome = 'success' | 'timeout' | 'unavailable' | 'error';

/** Is told of every call. `point` is an extension point, or the verb of an extender, by upstream's names. */
export type CallListener = (plugin: string, point: string, milliseconds: number, outcome: CallOutcome) => void;

/** Makes a call and tells what became of it. @throws what the call throws */
export async function told<T>(tell: CallListener, plugin: string, point: string, call: () => Promise<T>): Promise<T> {
  const from = performance.now();
  try {
    const answer = await call();
    tell(plugin, point, performance.now() - from, 'success');
    return answer;
  } catch (error) {
    tell(plugin, point, performance.now() - from, outcomeOf(error));
    throw error;
  }
}

function outcomeOf(error: unknown): CallOutcome {
  if (isRpcError(error, RpcStatus.DEADLINE_EXCEEDED) || (error as { readonly name?: unknown } | undefined)?.name === 'TimeoutError') return 'timeout';
  return isRpcError(error, RpcStatus.UNAVAILABLE) || (error as { readonly code?: unknown } | undefined)?.code === 'ECONNREFUSED' ? 'unavailable' : 'error';
}
