import type { ServiceDefinition } from '@grpc/grpc-js';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { connect, RpcServer, type ServiceClient, type ServiceHandlers } from '../index';

function readText(bytes: Buffer): string {
  if (bytes[0] === 0xff) throw new Error('malformed');
  return bytes.toString();
}

const text = {
  requestSerialize: (message: string) => Buffer.from(message),
  requestDeserialize: readText,
  responseSerialize: (message: string) => Buffer.from(message),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
};

/** A service of texts with a method of each shape. */
export const definition = {
  echo: { path: '/test.v1.Test/Echo', requestStream: false, responseStream: false, ...text },
  count: { path: '/test.v1.Test/Count', requestStream: false, responseStream: true, ...text },
  join: { path: '/test.v1.Test/Join', requestStream: true, responseStream: false, ...text },
  talk: { path: '/test.v1.Test/Talk', requestStream: true, responseStream: true, ...text },
} as const satisfies ServiceDefinition;

type Handlers = ServiceHandlers<typeof definition>;

/** What a test does not call. */
export const unused: Handlers = {
  echo: (request) => Promise.resolve(request),
  // oxlint-disable-next-line require-yield -- a stream that fails before its first message
  count: async function* () {
    await Promise.reject(new Error('unused'));
  },
  join: () => Promise.reject(new Error('unused')),
  talk: async function* (requests) {
    for await (const request of requests) yield `<${request}>`;
  },
};

const cleanups: (() => Promise<void> | void)[] = [];

/** Stops all that was served; for `afterEach`. */
export async function stopAll(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean();
}

/** Has these called by `stopAll`, the last first. */
export function later(...clean: (() => Promise<void> | void)[]): void {
  cleanups.push(...clean);
}

/** Serves it with these methods; what fails in them is in `logged`. */
export async function serve(handlers: Partial<Handlers>, options: { drainMs?: number } = {}) {
  const registry = new Registry();
  const logged: unknown[] = [];
  const log = Object.assign(Object.create(silentLogger) as typeof silentLogger, { error: (fields: { err: unknown }) => void logged.push(fields.err) });
  const server = new RpcServer({ address: '127.0.0.1:0', drainMs: 200, ...options }, { log, registry }).add(definition, { ...unused, ...handlers });
  await server.start();
  const channel = connect({ address: `127.0.0.1:${server.port}` });
  later(() => server.stop(), () => channel.close());
  const client: ServiceClient<typeof definition> = channel.client(definition);
  return { server, channel, client, logged, registry };
}

export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

export async function* from<T>(...items: T[]): AsyncGenerator<T, void, undefined> {
  for (const item of items) yield await Promise.resolve(item);
}

export const untilAborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`resolved with ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}
