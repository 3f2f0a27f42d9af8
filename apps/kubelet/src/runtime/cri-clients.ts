import type { handleUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { type runtimev1 } from '@navarch/proto';

export interface CallLimits {
  /** Undefined: the call may take as long as it likes. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The unary methods of a gRPC service, as a caller has them. They reject with a `RuntimeError`, or a `RuntimeUnsupportedError`. */
export type UnaryCalls<S extends UntypedServiceImplementation> = {
  readonly [K in keyof S as string extends K ? never : S[K] extends handleUnaryCall<infer _Q, infer _A> ? K : never]: S[K] extends handleUnaryCall<infer Q, infer A>
    ? (request: Q, limits: CallLimits) => Promise<A>
    : never;
};

/** Who carries the kubelet's calls of CRI v1 to a runtime: a socket, or nobody where the runtime is in the same process. */
export interface CriClients {
  readonly runtime: UnaryCalls<runtimev1.RuntimeServiceServer>;
  readonly images: UnaryCalls<runtimev1.ImageServiceServer>;
  /** Ends when the signal aborts; fails as the calls do. */
  containerEvents(signal: AbortSignal): AsyncIterable<runtimev1.ContainerEventResponse>;
  close(): void;
}
