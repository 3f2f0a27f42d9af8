import { setMaxListeners } from 'node:events';
import { Client, connectivityState, status, type ClientOptions, type ServiceDefinition } from '@grpc/grpc-js';
import { Calls } from './calls';
import { clientMethod, type Connection } from './client-call';
import { RpcError } from './rpc-error';
import { type ServiceClient } from './service-types';
import { onOtherCertificate } from './shown-certificate';
import { tappedMethod } from './tapped-method';
import { channelCredentials, channelTls, hostOf, sniOf, type ChannelTls, type RpcTls } from './tls';

export interface ConnectOptions {
  /** `host:port` or `unix:///path`. */
  readonly address: string;
  /** Mutual TLS; leave it out only on Unix sockets and in tests. */
  readonly tls?: RpcTls;
  /** The name the server's certificate must bear, if it is not the host of the address. */
  readonly serverName?: string;
  /** Streams outlive the certificate that they began by: for conversations that cannot be asked for anew. Others end when there is another. */
  readonly streamsOutliveRenewal?: boolean;
  /** Deadline of unary calls that name none; 30 s unless given. */
  readonly defaultTimeoutMs?: number;
}

export type ChannelState = 'idle' | 'connecting' | 'ready' | 'failing' | 'closed';

const STATES: Readonly<Record<connectivityState, ChannelState>> = {
  [connectivityState.IDLE]: 'idle',
  [connectivityState.CONNECTING]: 'connecting',
  [connectivityState.READY]: 'ready',
  [connectivityState.TRANSIENT_FAILURE]: 'failing',
  [connectivityState.SHUTDOWN]: 'closed',
};

/** Every stream of a connection listens to it. */
function heardByManyStreams(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** A connection that is made when first needed and made again, with back-off, whenever it is lost, and whenever the files of its certificate hold another. */
export class RpcChannel {
  #client: Client;
  #givenUp = heardByManyStreams();
  #calls = new Calls();
  /** What is left of connections by earlier certificates. */
  readonly #outlived = new Map<Client, Calls>();
  /** Ends the watching of the files, which begins with the first use. */
  #unwatch: (() => void) | undefined;
  readonly #tls: ChannelTls | undefined;
  readonly #defaultTimeoutMs: number;

  constructor(private readonly options: ConnectOptions) {
    this.#defaultTimeoutMs = options.defaultTimeoutMs ?? 30_000;
    this.#tls = channelTls(options.tls);
    this.#client = newClient(options, this.#tls);
  }

  /** Makes a new connection for what comes, by certificates as they are now; what streams over the old one ends with UNAVAILABLE, unless it is to outlive it, other calls in flight on their own. */
  #renew(): void {
    const [client, givenUp, calls] = [this.#client, this.#givenUp, this.#calls];
    this.#givenUp = heardByManyStreams();
    this.#calls = new Calls();
    this.#client = newClient(this.options, this.#tls);
    if (this.options.streamsOutliveRenewal === true) {
      this.#outlived.set(client, calls);
      calls.whenIdle(() => {
        this.#outlived.delete(client);
        client.close();
      });
      return;
    }
    givenUp.abort();
    client.close();
  }

  #connection(): Connection {
    this.#unwatch ??= this.#tls && !('ca' in this.#tls) ? onOtherCertificate(this.#tls, () => this.#renew()) : () => undefined;
    return { client: this.#client, givenUp: this.#givenUp.signal, calls: this.#calls };
  }

  /** A client of a service over this channel. */
  client<Def extends ServiceDefinition>(definition: Def): ServiceClient<Def> {
    const methods = Object.entries(definition).map(([name, method]) => [name, clientMethod(() => this.#connection(), tappedMethod(method), this.#defaultTimeoutMs)]);
    return Object.fromEntries(methods) as ServiceClient<Def>;
  }

  /** Calls that have begun and not ended, over this connection or an earlier one. */
  get callsInFlight(): number {
    return [this.#calls, ...this.#outlived.values()].reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  get state(): ChannelState {
    return STATES[this.#client.getChannel().getConnectivityState(false)];
  }

  /** Connects now. Resolves when connected; rejects with UNAVAILABLE when that takes longer than `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection().client.waitForReady(Date.now() + timeoutMs, (error) => {
        if (error) reject(new RpcError(status.UNAVAILABLE, `not connected within ${timeoutMs} ms`, { cause: error }));
        else resolve();
      });
    });
  }

  /**
   * Cancels nothing, and new calls fail. Calls in flight have a minute or so to end on their own: then the other side, whose signs of life
   * a closing connection no longer answers, cuts them off. What may take longer is waited for, see `callsInFlight`.
   */
  close(): void {
    this.#unwatch?.();
    // What is asked of a closed channel watches nothing any more.
    this.#unwatch = () => undefined;
    for (const client of [this.#client, ...this.#outlived.keys()]) client.close();
  }
}

/** Opens a channel; no I/O happens before the first call or `waitForReady`. */
export function connect(options: ConnectOptions): RpcChannel {
  return new RpcChannel(options);
}

function newClient(options: ConnectOptions, tls: ChannelTls | undefined): Client {
  return new Client(options.address, channelCredentials(tls, options.serverName ?? hostOf(options.address)), channelOptions(options));
}

function channelOptions(options: ConnectOptions): ClientOptions {
  return {
    'grpc.max_send_message_length': -1,
    'grpc.max_receive_message_length': -1,
    'grpc-node.flow_control_window': 1024 * 1024,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 3000,
    // Whether a call that failed may be sent again is for its caller to say.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    // As long as Go's clients of Kubernetes wait for the answer: a process that is only slow, on a machine with too much to do, must not lose all its streams.
    // A runtime behind a Unix socket cannot get out of reach, and Go servers drop clients that ping often.
    ...(options.address.startsWith('unix:') ? {} : { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 15_000, 'grpc.keepalive_permit_without_calls': 1 }),
    ...(options.tls ? { 'grpc.ssl_target_name_override': sniOf(options.serverName ?? hostOf(options.address)) } : {}),
  };
}
