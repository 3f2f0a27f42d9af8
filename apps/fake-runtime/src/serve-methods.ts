import { status, type handleServerStreamingCall, type handleUnaryCall, type ServerUnaryCall, type ServerWritableStream, type ServiceError, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { callMethod, CriError, type MethodsOf } from '@navarch/simulated-runtime';

type UnaryMethod = (request: unknown, signal: AbortSignal) => unknown;
type StreamMethod = (request: unknown, signal: AbortSignal) => AsyncIterable<unknown> | Iterable<unknown>;

function toServiceError(error: unknown, onUnexpected: (error: unknown) => void): Partial<ServiceError> {
  if (error instanceof CriError) return { code: error.code, details: error.message };
  if (error instanceof Error && error.name === 'AbortError') return { code: status.CANCELLED, details: 'cancelled' };
  onUnexpected(error);
  return { code: status.INTERNAL, details: 'internal error of the simulated runtime' };
}

function serveUnary(method: UnaryMethod, onUnexpected: (error: unknown) => void): handleUnaryCall<unknown, unknown> {
  return (call: ServerUnaryCall<unknown, unknown>, callback) => {
    const abort = new AbortController();
    let answered = false;
    // grpc-js says so of every call that ends; then nobody listens any more.
    call.on('cancelled', () => {
      if (!answered) abort.abort();
    });
    const answer = async (): Promise<void> => {
      try {
        const value = await method(call.request, abort.signal);
        answered = true;
        callback(null, value);
      } catch (error) {
        answered = true;
        callback(toServiceError(error, onUnexpected));
      }
    };
    void answer();
  };
}

function serveStream(method: StreamMethod, onUnexpected: (error: unknown) => void): handleServerStreamingCall<unknown, unknown> {
  return (call: ServerWritableStream<unknown, unknown>) => {
    const abort = new AbortController();
    let drained: (() => void) | undefined;
    call.on('drain', () => drained?.());
    call.on('cancelled', () => {
      abort.abort();
      drained?.();
    });
    const answer = async (): Promise<void> => {
      try {
        for await (const message of method(call.request, abort.signal)) {
          if (abort.signal.aborted) return;
          if (!call.write(message)) await new Promise<void>((resolve) => (drained = resolve));
        }
        call.end();
      } catch (error) {
        call.emit('error', toServiceError(error, onUnexpected));
      }
    };
    void answer();
  };
}

/** Turns methods into handlers of grpc-js, by the service's definition. */
export function serveMethods<S extends UntypedServiceImplementation>(
  definition: Readonly<Record<string, { readonly responseStream: boolean }>>,
  methods: Partial<MethodsOf<S>>,
  onUnexpected: (error: unknown) => void,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(definition).map(([name, { responseStream }]) => {
      const method: UnaryMethod = (request, signal) => callMethod(methods, name, request, signal);
      return [name, responseStream ? serveStream(method as StreamMethod, onUnexpected) : serveUnary(method, onUnexpected)];
    }),
  );
}
