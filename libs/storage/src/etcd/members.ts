import { connectivityState, Metadata, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import { type IOptions } from 'etcd3';
import { StoreError } from '../store-error';
import { callTimeoutMs, type EtcdConnectionOptions } from './etcd-options';
import { fromServiceError, isTransient } from './etcd-errors';
import { type KvStub, RpcStubs } from './rpc-stubs';

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // A group of writes comes back as one revision of some hundred kilobytes: HTTP/2's own 64 KiB would have etcd wait for us again and again in the middle of it.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  'grpc.keepalive_time_ms': 10_000,
  // As kube-apiserver: an etcd that is only slow must not lose all its streams.
  'grpc.keepalive_timeout_ms': 10_000,
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
  #members: readonly RpcStubs[];
  #current = 0;

  constructor(options: EtcdConnectionOptions) {
    if (options.endpoints.length === 0) throw new StoreError('invalid', 'no etcd endpoint is given');
    this.#members = options.endpoints.map((endpoint) => openStubs(options, endpoint));
  }

  /** Makes new connections, to the same members, for what comes; calls in flight end on the old ones. @throws for certificates that are none */
  reopen(options: EtcdConnectionOptions): void {
    const before = this.#members;
    this.#members = options.endpoints.map((endpoint) => openStubs(options, endpoint));
    for (const member of before) member.close();
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

  /** Calls each member at most once until one answers: for reads. @param send is told whether nobody is left to be asked after this one */
  async each<T>(send: (member: ConnectedMember, isLast: boolean) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= this.#members.length;
      try {
        return await this.once((member) => send(member, isLast));
      } catch (error) {
        if (isLast || !(error instanceof StoreError) || !isTransient(error)) throw error;
      }
    }
  }

  /** Calls every member, whichever of them others use; what comes of it, in the order of the endpoints. */
  all<T>(send: (member: ConnectedMember) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
    return Promise.allSettled(this.#members.map(async (_, index) => {
      const member = await this.#member(index);
      if (!(await connects(member.kv))) throw new StoreError('unavailable', 'the member cannot be reached');
      return send(member);
    }));
  }

  close(): void {
    for (const member of this.#members) member.close();
  }

  #failed(index: number, error: unknown): StoreError {
    const failure = fromServiceError(error as ServiceError);
    if (isTransient(failure) && index === this.#current) this.#current = (index + 1) % this.#members.length;
    return failure;
  }

  /** The current member, or the first after it that has a connection or gets one soon. */
  async #connected(): Promise<{ index: number; member: ConnectedMember }> {
    for (let attempt = 0; attempt < this.#members.length; attempt++) {
      const index = this.#current;
      const member = await this.#member(index);
      if (await connects(member.kv)) return { index, member };
      if (index === this.#current) this.#current = (index + 1) % this.#members.length;
    }
    // None answers: whichever comes back first.
    const deadline = Date.now() + callTimeoutMs.connect;
    const waiting = this.#members.map(async (_, index) => {
      const member = await this.#member(index);
      await ready(member.kv, deadline);
      return { index, member };
    });
    const found = await Promise.any(waiting).catch((error: unknown) => {
      throw new StoreError('unavailable', 'no etcd member can be reached', { cause: error });
    });
    this.#current = found.index;
    return found;
  }

  async #member(index: number): Promise<ConnectedMember> {
    const stubs = this.#members[index];
    if (!stubs) throw new StoreError('unavailable', 'no such etcd member');
    return { kv: await stubs.stub('KV'), stubs, metadata: new Metadata() };
  }
}

/** A member with a live connection. */
export interface ConnectedMember {
  readonly kv: KvStub;
  readonly stubs: RpcStubs;
  readonly metadata: Metadata;
}

/** Waits for a connection that is being made, but not for one that has failed: that is tried again by itself. */
function connects(stub: KvStub): Promise<boolean> | boolean {
  const channel = stub.getChannel();
  const deadline = Date.now() + callTimeoutMs.connect;
  const state = channel.getConnectivityState(true);
  if (state === connectivityState.READY) return true;
  return new Promise((resolve) => {
    const look = (before: connectivityState): void => {
      if (before === connectivityState.READY) resolve(true);
      else if (before === connectivityState.TRANSIENT_FAILURE || before === connectivityState.SHUTDOWN) resolve(false);
      else {
        channel.watchConnectivityState(before, deadline, (late) => {
          if (late) resolve(false);
          else look(channel.getConnectivityState(true));
        });
      }
    };
    look(state);
  });
}

function ready(stub: KvStub, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    stub.waitForReady(deadline, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
