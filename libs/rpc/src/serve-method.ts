import { once } from 'node:events';
import {
  status,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { GrpcCallContext, type CallContext, type ServerCall } from './call-context';
import { CallScope, orAborted, SHUTTING_DOWN } from './call-scope';
import { type MethodKind, type MethodMetrics } from './server-metrics';
import { toWireStatus, type WireStatus } from './wire-status';

/** What all methods of a server share. */
export interface Serving {
  /** Aborts when the server begins to stop. */
  readonly draining: AbortSignal;
  /** Told of errors that callers only see as INTERNAL. */
  readonly onUnknownError: (error: unknown, method: string) => void;
}

/** A method of an implementation, whatever its shape: a message or messages in, a promise or messages out. */
export type AnyHandler = (request: unknown, context: CallContext) => unknown;

export function kindOf(method: Pick<MethodDefinition<unknown, unknown>, 'requestStream' | 'responseStream'>): MethodKind {
  if (method.requestStream) return method.responseStream ? 'bidi_stream' : 'client_stream';
  return method.responseStream ? 'server_stream' : 'unary';
}

/** Maps a method written as a promise or an async iterable onto grpc-js. */
export function serveMethod(kind: MethodKind, handler: AnyHandler, metrics: MethodMetrics, serving: Serving): UntypedHandleCall {
  switch (kind) {
    case 'unary':
      return answering((call: Parameters<handleUnaryCall<unknown, unknown>>[0]) => {
        metrics.received();
        return call.request;
      });
    case 'client_stream':
      return answering((call: Parameters<handleClientStreamingCall<unknown, unknown>>[0], signal) => requestsOf(call, signal, metrics));
    case 'server_stream':
      return streaming((call: Parameters<handleServerStreamingCall<unknown, unknown>>[0]) => {
        metrics.received();
        return call.request;
      });
    case 'bidi_stream':
      return streaming((call: Parameters<handleBidiStreamingCall<unknown, unknown>>[0], signal) => requestsOf(call, signal, metrics));
  }

  /** For methods with one answer: those in flight are finished while the server drains. */
  function answering<C extends ServerCall>(input: (call: C, signal: AbortSignal) => unknown) {
    return (call: C, callback: sendUnaryData<unknown>): void => {
      const { scope, finish } = begin(call);
      const run = async (): Promise<unknown> => await handler(input(call, scope.signal), new GrpcCallContext(call, scope.signal));
      orAborted(run(), scope.signal).then(
        (response) => {
          if (!scope.end()) return;
          metrics.sent();
          finish({ code: status.OK, details: 'OK' });
          callback(null, response);
        },
        (error: unknown) => {
          if (scope.end()) callback(finish(wireStatus(error, call)));
        },
      );
    };
  }

  /** For methods that stream their answer: the server's stop ends them at once. */
  function streaming<C extends ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>>(input: (call: C, signal: AbortSignal) => unknown) {
    return (call: C): void => {
      const { scope, finish } = begin(call);
      const onDrain = (): void => scope.abort(SHUTTING_DOWN);
      if (serving.draining.aborted) onDrain();
      else serving.draining.addEventListener('abort', onDrain, { once: true });
      const run = async (): Promise<void> => {
        const messages = handler(input(call, scope.signal), new GrpcCallContext(call, scope.signal)) as AsyncIterable<unknown>;
        const unwritten = new UnwrittenMessages();
        try {
          await pump(messages, call, unwritten, scope.signal, metrics);
        } catch (error) {
          // A failure destroys the call under whoever still reads its requests: what is not written by then, the status too, would be lost.
          await unwritten.none();
          throw error;
        }
      };
      orAborted(run(), scope.signal)
        .then(
          () => {
            if (!scope.end()) return;
            finish({ code: status.OK, details: 'OK' });
            call.end();
          },
          (error: unknown) => {
            // The implementation of grpc-js turns an error event into the call's status.
            if (scope.end()) call.emit('error', Object.assign(new Error('call failed'), finish(wireStatus(error, call))));
          },
        )
        .finally(() => serving.draining.removeEventListener('abort', onDrain));
    };
  }

  function begin(call: ServerCall): { scope: CallScope; finish: (end: WireStatus) => WireStatus } {
    const startedAt = performance.now();
    metrics.started();
    return {
      scope: new CallScope(call),
      finish: (end) => {
        metrics.handled(end.code, (performance.now() - startedAt) / 1000);
        return end;
      },
    };
  }

  function wireStatus(error: unknown, call: ServerCall): WireStatus {
    return toWireStatus(error, (unknownError) => serving.onUnknownError(unknownError, call.getPath()));
  }
}

/** Counts the messages of a call that are on their way out. */
class UnwrittenMessages {
  #count = 0;
  #onNone: () => void = () => undefined;

  readonly written = (): void => {
    if (--this.#count === 0) this.#onNone();
  };

  /** Whether the call takes more at once. */
  write(call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>, message: unknown): boolean {
    this.#count++;
    return call.write(message, this.written);
  }

  none(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onNone = resolve));
  }
}

/** Writes messages as fast as the caller reads them, until they end or the call does. */
async function pump(messages: AsyncIterable<unknown>, call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>, unwritten: UnwrittenMessages, signal: AbortSignal, metrics: MethodMetrics): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    metrics.sent();
    if (!unwritten.write(call, message)) await once(call, 'drain', { signal });
  }
}

/** The requests of a call. They end when the caller has sent its last; an aborted call throws the signal's reason. */
async function* requestsOf(call: ServerReadableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>, signal: AbortSignal, metrics: MethodMetrics): AsyncGenerator<unknown, void, undefined> {
  try {
    // Leaving the loop must not destroy the call: its answer still goes out on it.
    for await (const request of call.iterator({ destroyOnReturn: false })) {
      metrics.received();
      yield request;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  // grpc-js destroys a cancelled call without an error, which ends the loop like a last message would.
  if (call.destroyed) signal.throwIfAborted();
}
