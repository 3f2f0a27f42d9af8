import { setMaxListeners } from 'node:events';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Server, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Component, type Logger } from '@navarch/component-base';
import { type Registry } from 'prom-client';
import { healthDefinition, HealthService, ServingStatus } from './health-service';
import { reflectionDefinition, ReflectionService } from './reflection-service';
import { kindOf, serveMethod, type AnyHandler } from './serve-method';
import { ServerMetrics } from './server-metrics';
import { type ServiceHandlers } from './service-types';
import { tappedMethod } from './tapped-method';
import { serverCredentials, type RpcTls } from './tls';

export interface RpcServerOptions {
  /** `host:port` (port 0 takes a free one, see `port`) or `unix:///path`. */
  readonly address: string;
  /** Mutual TLS; leave it out only on Unix sockets and in tests. */
  readonly tls?: RpcTls;
  /** How long a stop waits for calls in flight before it cuts them off. */
  readonly drainMs?: number;
  /** Largest message taken; unlimited unless given. */
  readonly maxReceiveBytes?: number;
  /** A serialised FileDescriptorSet of the services; with it reflection is served. */
  readonly descriptors?: () => Promise<Uint8Array> | Uint8Array;
}

export interface RpcServerDeps {
  readonly log: Logger;
  readonly registry?: Registry;
}

/** Serves gRPC. Services are plain objects of async methods and async generators; health is always served. */
export class RpcServer implements Component {
  readonly name = 'rpc-server';
  /** What grpc.health.v1 answers; the server as a whole is NOT_SERVING from the stop on. */
  readonly health = new HealthService();
  readonly #server: Server;
  readonly #draining = new AbortController();
  readonly #metrics: ServerMetrics;
  readonly #services: string[] = [];
  #port: number | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly options: RpcServerOptions,
    private readonly deps: RpcServerDeps,
  ) {
    // One listener per open stream.
    setMaxListeners(0, this.#draining.signal);
    this.#server = new Server({
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': options.maxReceiveBytes ?? -1,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 15_000,
      // The default of 64 KiB makes large snapshots wait for window updates.
      'grpc-node.flow_control_window': 1024 * 1024,
    });
    this.#metrics = new ServerMetrics(deps.registry);
    this.add(healthDefinition, this.health);
    const { descriptors } = options;
    if (descriptors) this.add(reflectionDefinition, new ReflectionService(descriptors, () => this.#services));
  }

  /** Adds a service; call before `start`. */
  add<Def extends ServiceDefinition>(definition: Def, handlers: ServiceHandlers<Def>): this {
    const implementation: UntypedServiceImplementation = {};
    const serving = {
      draining: this.#draining.signal,
      onUnknownError: (error: unknown, method: string) => this.deps.log.error({ err: error, method }, 'rpc failed'),
    };
    for (const [name, method] of Object.entries(definition)) {
      const handler = (handlers as Record<string, AnyHandler | undefined>)[name];
      if (handler === undefined) throw new Error(`no handler for ${method.path}`);
      const kind = kindOf(method);
      implementation[name] = serveMethod(kind, handler.bind(handlers), this.#metrics.method(method.path, kind), serving);
      const service = method.path.split('/')[1] ?? '';
      if (!this.#services.includes(service)) {
        this.#services.push(service);
        this.health.set(service, ServingStatus.SERVING);
      }
    }
    this.#server.addService(Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, tappedMethod(method)])), implementation);
    return this;
  }

  /** The port listened on. */
  get port(): number {
    if (this.#port === undefined) throw new Error('rpc server is not listening');
    return this.#port;
  }

  async start(): Promise<void> {
    if (this.#port !== undefined) return;
    const { address, tls } = this.options;
    if (address.startsWith('unix:')) await prepareSocket(address);
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, serverCredentials(tls), (error, port) => {
        if (error) reject(new Error(`listen on ${address}`, { cause: error }));
        else resolve(port);
      });
    });
  }

  /** Ends streams with UNAVAILABLE, waits for calls in flight, cuts off those still open after `drainMs`. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  #drain(): Promise<void> {
    this.health.setAll(ServingStatus.NOT_SERVING);
    this.#draining.abort();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.deps.log.warn('rpc calls in flight were cut off');
        this.#server.forceShutdown();
        resolve();
      }, this.options.drainMs ?? 5000);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Removes the socket that a killed predecessor left, so that binding can succeed. */
async function prepareSocket(address: string): Promise<void> {
  const path = address.replace(/^unix:(\/\/)?/, '');
  await mkdir(dirname(path), { recursive: true });
  const found = await stat(path).catch(() => undefined);
  if (found?.isSocket()) await rm(path);
}
