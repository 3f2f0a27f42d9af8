import { type CallContext } from './call-context';

// The four shapes of a generated method; the names of their members are those of ts-proto's definitions.
interface Method<Req, Res> {
  readonly path: string;
  requestSerialize(message: Req): Buffer;
  requestDeserialize(bytes: Buffer): Req;
  responseSerialize(message: Res): Buffer;
  responseDeserialize(bytes: Buffer): Res;
}
interface Unary<Req, Res> extends Method<Req, Res> { readonly requestStream: false; readonly responseStream: false }
interface ServerStream<Req, Res> extends Method<Req, Res> { readonly requestStream: false; readonly responseStream: true }
interface ClientStream<Req, Res> extends Method<Req, Res> { readonly requestStream: true; readonly responseStream: false }
interface Bidi<Req, Res> extends Method<Req, Res> { readonly requestStream: true; readonly responseStream: true }

/** The plain TypeScript shape of a generated service at the server: promises and async iterables, no call objects. */
export type ServiceHandlers<Def> = {
  [M in keyof Def]: Def[M] extends Unary<infer Req, infer Res>
    ? (request: Req, context: CallContext) => Promise<Res>
    : Def[M] extends ServerStream<infer Req, infer Res>
      ? (request: Req, context: CallContext) => AsyncIterable<Res>
      : Def[M] extends ClientStream<infer Req, infer Res>
        ? (requests: AsyncIterable<Req>, context: CallContext) => Promise<Res>
        : Def[M] extends Bidi<infer Req, infer Res>
          ? (requests: AsyncIterable<Req>, context: CallContext) => AsyncIterable<Res>
          : never;
};

export interface RpcCallOptions {
  /** Cancels the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Unary and client-stream calls: 30 s unless given. Streams have none unless given. */
  readonly timeoutMs?: number;
  /** Waits (within the deadline) for a server out of reach instead of failing at once with UNAVAILABLE. */
  readonly waitForReady?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The same at the client. A stream's call begins when its first message is asked for, and ends when the loop is left. */
export type ServiceClient<Def> = {
  readonly [M in keyof Def]: Def[M] extends Unary<infer Req, infer Res>
    ? (request: Req, options?: RpcCallOptions) => Promise<Res>
    : Def[M] extends ServerStream<infer Req, infer Res>
      ? (request: Req, options?: RpcCallOptions) => AsyncGenerator<Res, void, undefined>
      : Def[M] extends ClientStream<infer Req, infer Res>
        ? (requests: AsyncIterable<Req>, options?: RpcCallOptions) => Promise<Res>
        : Def[M] extends Bidi<infer Req, infer Res>
          ? (requests: AsyncIterable<Req>, options?: RpcCallOptions) => AsyncGenerator<Res, void, undefined>
          : never;
};
