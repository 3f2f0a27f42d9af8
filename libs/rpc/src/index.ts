/** gRPC with plain TypeScript: services of async methods and generators, clients of promises and async iterables. */
export { status as RpcStatus } from '@grpc/grpc-js';
export { type CallContext, type PeerIdentity } from './call-context';
export { connect, RpcChannel, type ChannelState, type ConnectOptions } from './channel';
export { healthDefinition, HealthService, ServingStatus } from './health-service';
export { PushStream } from './push-stream';
export { findRpcError, isRpcError, RpcError } from './rpc-error';
export { RpcServer, type RpcServerDeps, type RpcServerOptions } from './rpc-server';
export { type RpcCallOptions, type ServiceClient, type ServiceHandlers } from './service-types';
export { apiErrorOf, grpcCodeOf, toApiError } from './status-codes';
export { tappedService } from './tapped-method';
export { type RpcTls, type TlsMaterial, type TlsMaterialFiles } from './tls';
export { fromWireStatus, STATUS_TRAILER, toWireStatus } from './wire-status';
