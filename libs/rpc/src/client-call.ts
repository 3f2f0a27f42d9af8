import { once } from 'node:events';
import {
  Metadata, status, type CallOptions, type Client, type ClientDuplexStream, type ClientReadableStream, type ClientWritableStream, type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Calls } from './calls';
import { RpcError } from './rpc-error';
import { kindOf } from './serve-method';
import { type RpcCallOptions } from './service-types';
import { fromWireStatus } from './wire-status';

type Method = MethodDefinition<unknown, unknown>;
type ClientStreamCall = ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>;

/** What calls go over, until there is another. */
export interface Connection {
  readonly client: Client;
  /** Aborts when it is given up: what streams over it ends, and is to be asked for anew. */
  readonly givenUp: AbortSignal;
  readonly calls: Calls;
}

/** A method of a generated service as a function: see `ServiceClient` for the four shapes. */
export function clientMethod(connection: () => Connection, method: Method, defaultTimeoutMs: number) {
  const { path, requestSerialize: encode, responseDeserialize: decode } = method;
  switch (kindOf(method)) {
    case 'unary':
      return (request: unknown, options: RpcCallOptions = {}) =>
        oneAnswer(options, connection, ({ client }, callback) => client.makeUnaryRequest(path, encode, decode, request, metadataOf(options), grpcOptions(options, defaultTimeoutMs), callback));
    case 'client_stream':
      return (requests: AsyncIterable<unknown>, options: RpcCallOptions = {}) =>
        oneAnswer(options, connection, ({ client }, callback) => {
          const call = client.makeClientStreamRequest(path, encode, decode, metadataOf(options), grpcOptions(options, defaultTimeoutMs), callback);
          sendAll(requests, call).catch((error: unknown) => {
            callback(error as ServiceError);
            call.cancel();
          });
          return call;
        });
    case 'server_stream':
      return (request: unknown, options: RpcCallOptions = {}) =>
        answers(options, connection, ({ client }) => client.makeServerStreamRequest(path, encode, decode, request, metadataOf(options), grpcOptions(options)));
    case 'bidi_stream':
      return (requests: AsyncIterable<unknown>, options: RpcCallOptions = {}) =>
        answers(options, connection, ({ client }) => client.makeBidiStreamRequest(path, encode, decode, metadataOf(options), grpcOptions(options)), requests);
  }
}

function metadataOf({ headers, waitForReady }: RpcCallOptions): Metadata {
  const metadata = new Metadata(waitForReady ? { waitForReady } : {});
  for (const [name, value] of Object.entries(headers ?? {})) metadata.set(name, value);
  return metadata;
}

function grpcOptions({ timeoutMs }: RpcCallOptions, defaultTimeoutMs?: number): CallOptions {
  const ms = timeoutMs ?? defaultTimeoutMs;
  return ms === undefined ? {} : { deadline: Date.now() + ms };
}

type Answered = (error: ServiceError | null, response?: unknown) => void;

function oneAnswer(options: RpcCallOptions, connection: () => Connection, start: (connection: Connection, callback: Answered) => { cancel(): void }): Promise<unknown> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(reasonOf(signal));
  const current = connection();
  current.calls.begin();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => call.cancel();
    const call = start(current, (error, response) => {
      signal?.removeEventListener('abort', onAbort);
      if (!error) resolve(response);
      else reject(failure(error, signal));
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  }).finally(() => current.calls.end());
}

async function* answers(
  options: RpcCallOptions,
  connection: () => Connection,
  start: (connection: Connection) => ClientStreamCall,
  requests?: AsyncIterable<unknown>,
): AsyncGenerator<unknown, void, undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const current = connection();
  const { givenUp, calls } = current;
  const call = start(current);
  calls.begin();
  let sendFailure: { readonly error: unknown } | undefined;
  // grpc-js emits the status of a call as an error also after nobody reads it any more.
  call.on('error', () => undefined);
  const onAbort = (): void => call.cancel();
  signal?.addEventListener('abort', onAbort, { once: true });
  givenUp.addEventListener('abort', onAbort, { once: true });
  if (requests && 'write' in call) {
    sendAll(requests, call).catch((error: unknown) => {
      sendFailure = { error };
      call.cancel();
    });
  }
  try {
    for await (const message of call) yield message;
  } catch (error) {
    if (sendFailure) throw sendFailure.error;
    if (givenUp.aborted && signal?.aborted !== true) throw new RpcError(status.UNAVAILABLE, 'the connection has been replaced by a new one', { cause: error });
    throw failure(error, signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    givenUp.removeEventListener('abort', onAbort);
    call.cancel();
    calls.end();
  }
}

/** Sends requests as fast as the server takes them; when the call ends first, the next request is dropped. */
async function sendAll(requests: AsyncIterable<unknown>, call: ClientDuplexStream<unknown, unknown> | ClientWritableStream<unknown>): Promise<void> {
  const ended = new AbortController();
  call.once('status', () => ended.abort());
  try {
    for await (const request of requests) {
      if (ended.signal.aborted) return;
      if (!call.write(request)) await once(call, 'drain', { signal: ended.signal });
    }
    call.end();
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
}

function failure(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted) return reasonOf(signal);
  const service = error as Partial<ServiceError>;
  if (typeof service.code === 'number' && service.metadata instanceof Metadata) {
    return fromWireStatus({ code: service.code, details: service.details ?? '', metadata: service.metadata });
  }
  return error instanceof Error ? error : new Error('call failed', { cause: error });
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
