import type { handleServerStreamingCall, handleUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';

/** A gRPC service as plain methods: unary ones answer a value or a promise, streaming ones are generators. */
export type MethodsOf<S extends UntypedServiceImplementation> = {
  readonly [K in keyof S as string extends K ? never : K]: S[K] extends handleUnaryCall<infer Q, infer A>
    ? (request: Q, signal: AbortSignal) => A | Promise<A>
    : S[K] extends handleServerStreamingCall<infer Q, infer A>
      ? (request: Q, signal: AbortSignal) => AsyncIterable<A> | Iterable<A>
      : never;
};
