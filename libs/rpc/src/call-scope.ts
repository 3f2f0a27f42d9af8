import { type EventEmitter } from 'node:events';
import { status } from '@grpc/grpc-js';
import { type ServerCall } from './call-context';
import { RpcError } from './rpc-error';

/** What streams are ended with when the server stops; informers take it as "connect again". */
export const SHUTTING_DOWN = new RpcError(status.UNAVAILABLE, 'server is shutting down');

/** The life of one call at the server: its abort signal, and whether its answer is still awaited. */
export class CallScope {
  readonly #abort = new AbortController();
  #ended = false;

  constructor(call: ServerCall) {
    const emitter: EventEmitter = call;
    // grpc-js says `cancelled` also after a normal end; then nobody listens any more.
    emitter.on('cancelled', () => {
      if (this.#ended) return;
      const deadline = call.getDeadline();
      const late = Date.now() >= (deadline instanceof Date ? deadline.getTime() : deadline);
      this.abort(late ? new RpcError(status.DEADLINE_EXCEEDED, 'deadline exceeded') : new RpcError(status.CANCELLED, 'cancelled by the caller'));
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(reason: RpcError): void {
    if (!this.#ended) this.#abort.abort(reason);
  }

  /** True once: for whoever sends the answer. */
  end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    return true;
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts, whatever `work` is up to. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
