import { connectivityState, Metadata, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import { type IOptions } from 'etcd3';
import { StoreError } from '../store-error';
import { callTimeoutMs, type EtcdConnectionOptions } from './etcd-options';
import { fromServiceError, isTransient } from './etcd-errors';
import { type KvStub, RpcStubs } from './rpc-stubs';

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

/** Opens etcd3 on one endpoint. Calls pass by its retries and circuit breakers (rules 1.6), see `RpcStubs`. */
export function openStubs(options: EtcdConnectionOptions, endpoint: string, extra: ChannelOptions = {}): RpcStubs {
  const { tls } = options;
  const etcdOptions: IOptions = {
    hosts: endpoint,
    grpcOptions: { ...channelOptions, ...extra },
  };
  if (tls) {
    etcdOptions.credentials = { rootCertificate: tls.ca };
    if (tls.key) etcdOptions.credentials.privateKey = tls.key;
    if (tls.cert) etcdOptions.credentials.certChain = tls.cert;
  }
  return new RpcStubs(etcdOptions);
}

/**
 * The members of an etcd cluster. Calls go to one of them until it fails; then the next is used. A call is sent
 * only on a live connection, so that a dead member costs writes a moment and not an unknown outcome.
 */
export class Members {
  readonly #members: readonly RpcStubs[];
  #current = 0;

  constructor(options: EtcdConnectionOptions) {
    if (options.endpoints.length === 0) throw new StoreError('invalid', 'no etcd endpoint is given');
    this.#members = options.endpoints.map((endpoint) => openStubs(options, endpoint));
  }

  /** Calls once, never again: for writes. */
  async once<T>(send: (member: ConnectedMember) => Promise<T>): Promise<T> {
    const { index, member } = await this.#connected();
    try {
      return await send(member);
    } catch (error) {
      throw this.#failed(index, error);
    }
  }

  /** Calls each member at most once until one answers: for reads. */
  async each<T>(send: (member: ConnectedMember) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(send);
      } catch (error) {
        if (attempt >= this.#members.length || !(error instanceof StoreError) || !isTransient(error)) throw error;
      }
    }
  }

  close(): void {
    for (const member of this.#members) member.close();
  }

  #failed(index: number, error: unknown): StoreError {
    const failure = fromServiceError(error as ServiceError);
    if (isTransient(failure) && index === this.#current) this.#current = (index + 1) % this.#members.length;
    return failure;
  }

  async #connected(): Promise<{ index: number; member: ConnectedMember }> {
    for (let attempt = 0; attempt < this.#members.length; attempt++) {
      const index = this.#current;
      const stubs = this.#members[index];
      if (!stubs) break;
      const kv = await stubs.stub('KV');
      if (await isConnected(kv)) return { index, member: { kv, stubs, metadata: new Metadata() } };
      if (index === this.#current) this.#current = (index + 1) % this.#members.length;
    }
    throw new StoreError('unavailable', 'no etcd member can be reached');
  }
}

/** A member with a live connection. */
export interface ConnectedMember {
  readonly kv: KvStub;
  readonly stubs: RpcStubs;
  readonly metadata: Metadata;
}

function isConnected(stub: KvStub): Promise<boolean> | boolean {
  if (stub.getChannel().getConnectivityState(true) === connectivityState.READY) return true;
  return new Promise((resolve) => stub.waitForReady(Date.now() + callTimeoutMs.connect, (error) => resolve(error === undefined)));
}
