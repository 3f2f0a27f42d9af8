import { status, type handleServerStreamingCall, type handleUnaryCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { CriError } from '../cri-error';

/** A gRPC service as plain methods: unary ones answer a value or a promise, streaming ones are generators. */
export type MethodsOf<S extends UntypedServiceImplementation> = {
  readonly [K in keyof S as string extends K ? never : K]: S[K] extends handleUnaryCall<infer Q, infer A>
    ? (request: Q, signal: AbortSignal) => A | Promise<A>
    : S[K] extends handleServerStreamingCall<infer Q, infer A>
      ? (request: Q, signal: AbortSignal) => AsyncIterable<A> | Iterable<A>
      : never;
};

/** Calls a method by its name; what it answers, or a generator of that. @throws CriError for a method that the service does not have */
export function callMethod<S extends UntypedServiceImplementation>(service: Partial<MethodsOf<S>>, name: string, request: unknown, signal: AbortSignal): unknown {
  const method = (service as Readonly<Record<string, ((request: unknown, signal: AbortSignal) => unknown) | undefined>>)[name];
  if (!method) throw new CriError(status.UNIMPLEMENTED, `method ${name} not implemented`);
  return method.call(service, request, signal);
}
