/** The API for components: calls and pipelined writes over gRPC, informers by snapshot and deltas. */
export type * from './types';
export type { ClientLog } from './log';
export type { ObjectTransport, WriteStream } from './object-transport';
export { busCredentials } from './bus-credentials';
export { ClusterConnection, type ClusterConnectionOptions } from './cluster-connection';
export { GrpcObjectTransport } from './grpc-object-transport';
export { RemoteApiClient, type RemoteApiClientDeps, type RemoteApiClientOptions, type WriteObserver } from './remote-api-client';
export { SharedInformers, type InformerState, type SharedInformersDeps } from './shared-informers';
export type { InformerCounters } from './informer-counters';
export { keep, KeptObjects, type KeptObject } from './kept-objects';
export { clusterConnection, clusterFlags } from './cluster-flags';
