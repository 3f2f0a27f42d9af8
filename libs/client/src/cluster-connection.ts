import { NatsBus } from '@navarch/bus';
import type { Clock } from '@navarch/clock';
import { connect, type ConnectOptions, type RpcChannel } from '@navarch/rpc';
import { busCredentials } from './bus-credentials';
import { GrpcObjectTransport } from './grpc-object-transport';
import type { ClientLog } from './log';
import { RemoteApiClient } from './remote-api-client';
import { SharedInformers } from './shared-informers';

export interface ClusterConnectionOptions {
  /** The apiserver's gRPC door and the certificate to show it. */
  readonly apiserver: ConnectOptions;
  /** Names this process: manager of the fields it sets, and its connection to NATS. */
  readonly name: string;
  /** False: follow everything by gRPC watch. */
  readonly bus?: boolean;
  /** PEM file of the authority that signed NATS' certificate; absent when NATS speaks without TLS. */
  readonly busCaFile?: string;
  /** Instead of the NATS servers that the apiserver names. */
  readonly busServers?: readonly string[];
  /** For a process that stands in for several nodes: their names. */
  readonly nodes?: readonly string[];
}

/** All that a component needs of the cluster: calls, informers and the bus over one identity. */
export class ClusterConnection {
  readonly name = 'cluster-connection';
  readonly channel: RpcChannel;
  readonly client: RemoteApiClient;
  readonly informers: SharedInformers;
  readonly bus: NatsBus | undefined;

  constructor(options: ClusterConnectionOptions, deps: { readonly clock: Clock; readonly log: ClientLog }) {
    const { clock, log } = deps;
    this.channel = connect(options.apiserver);
    const transport = new GrpcObjectTransport(this.channel);
    if (options.bus !== false) {
      const { name, busCaFile: caFile, busServers: servers } = options;
      this.bus = new NatsBus(
        { name, ...(caFile === undefined ? {} : { caFile }), ...(servers === undefined ? {} : { servers }) },
        { clock, log, credentials: busCredentials(this.channel, options.nodes) },
      );
    }
    this.informers = new SharedInformers({ transport, feed: this.bus, clock, log });
    this.client = new RemoteApiClient({ fieldManager: options.name }, { transport, clock, log, observer: this.informers });
  }

  /** Starts the bus and the informers asked for so far; neither is waited for. */
  async start(): Promise<void> {
    await this.bus?.start();
    await this.informers.start();
  }

  async stop(): Promise<void> {
    await this.informers.stop();
    await this.client.stop();
    await this.bus?.stop();
    this.channel.close();
  }
}
