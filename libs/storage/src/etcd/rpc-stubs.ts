import { type CallOptions, type Client, type ClientDuplexStream, type Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  Etcd3, type ICompactionRequest, type ICompactionResponse, type ILeaseGrantRequest, type ILeaseGrantResponse, type ILeaseRevokeRequest, type ILeaseRevokeResponse, type IRangeRequest,
  type IRangeResponse, type IStatusResponse, type ITxnRequest, type ITxnResponse, type IWatchRequest, type IWatchResponse,
} from 'etcd3';
import { tellEtcd } from './tell-etcd';

/** grpc-js gives each method of a client the fields of its definition. */
interface Defined {
  /** Its full name, such as `/etcdserverpb.KV/Txn`. */
  readonly path: string;
}

type Unary<Request, Response> = Defined & ((
  request: Request, metadata: Metadata, options: CallOptions, callback: (error: ServiceError | null, response?: Response) => void,
) => void);

/** etcd's key-value service, as etcd3's rpc definitions make it. */
export interface KvStub extends Client {
  readonly txn: Unary<ITxnRequest, ITxnResponse>;
  readonly range: Unary<IRangeRequest, IRangeResponse>;
  readonly compact: Unary<ICompactionRequest, ICompactionResponse>;
}

export interface LeaseStub extends Client {
  readonly leaseGrant: Unary<ILeaseGrantRequest, ILeaseGrantResponse>;
  readonly leaseRevoke: Unary<ILeaseRevokeRequest, ILeaseRevokeResponse>;
}

export interface MaintenanceStub extends Client {
  readonly status: Unary<object, IStatusResponse>;
}

export interface WatchStub extends Client {
  readonly watch: Defined & ((metadata: Metadata, options: CallOptions) => ClientDuplexStream<IWatchRequest, IWatchResponse>);
}

interface Stubs {
  readonly KV: KvStub;
  readonly Lease: LeaseStub;
  readonly Maintenance: MaintenanceStub;
  readonly Watch: WatchStub;
}

/**
 * etcd3 for its connections and rpc definitions only. Its calls are not used: they hide status codes, retry
 * committed writes, trip a breaker, and reset the connection under all other calls when one fails (rules 1.6);
 * its Watcher loses events (rules 2.1).
 */
export class RpcStubs extends Etcd3 {
  async stub<S extends keyof Stubs>(service: S): Promise<Stubs[S]> {
    // The stub's methods come from the proto file at run time, so that the compiler cannot know them.
    return this.pool.withConnection(service, ({ client }) => client as unknown as Stubs[S]);
  }
}

/** Calls a unary method; rejects with the ServiceError. */
export function call<Request extends object, Response extends object>(
  stub: Client, method: Unary<Request, Response>, request: Request, metadata: Metadata, options: CallOptions,
): Promise<Response> {
  tellEtcd('out', method.path, request);
  return new Promise((resolve, reject) => withoutTrace(() => {
    method.call(stub, request, metadata, options, (error, response) => {
      if (error) reject(error);
      else if (response === undefined) reject(new Error('etcd answered without a message'));
      else {
        tellEtcd('in', method.path, response);
        resolve(response);
      }
    });
  }));
}

/** grpc-js has a trace made for each call, should it fail: a tenth of what the call costs, and it would only lead here. */
function withoutTrace(begin: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    begin();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
