import { core, type corev1 } from '@navarch/api';
import { notFound, serviceUnavailable } from '@navarch/apimachinery';
import type { Clock, Timer } from '@navarch/clock';
import type { Component } from '@navarch/component-base';
import { nodev1 } from '@navarch/proto';
import { connect, type RpcChannel, type RpcTls, type ServiceClient } from '@navarch/rpc';
import type { ObjectReader } from '../pipeline';

/** Where a node's own service is, if it has one (rules 6.4). */
const ANNOTATION = 'navarch.io/node-service';
/** A channel nobody has asked for this long, and over which nothing runs, is closed: nodes are many, conversations with them few. */
const IDLE_MS = 5 * 60_000;

export type NodeService = ServiceClient<typeof nodev1.NodeServiceService>;

interface OpenChannel {
  readonly address: string;
  readonly channel: RpcChannel;
  readonly service: NodeService;
  idle: Timer;
}

export interface NodeConnectionsDeps {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  /** Who this server is to nodes; absent: nodes cannot be called. */
  readonly tls: RpcTls | undefined;
}

/** Channels to nodes, each made when first needed and kept while it is used. */
export class NodeConnections implements Component {
  readonly name = 'node-connections';
  private readonly channels = new Map<string, OpenChannel>();

  constructor(private readonly deps: NodeConnectionsDeps) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    for (const name of [...this.channels.keys()]) this.close(name);
    return Promise.resolve();
  }

  /** @throws notFound */
  node(name: string): corev1.Node {
    const node = this.deps.reader.get(core.nodes, '', name);
    if (!node) throw notFound({ group: '', resource: 'nodes' }, name);
    return node;
  }

  /** The node's service; undefined when the node has none, as upstream's kubelet. @throws notFound, serviceUnavailable */
  service(name: string): NodeService | undefined {
    const address = this.node(name).metadata.annotations?.[ANNOTATION];
    if (address === undefined || address === '') return undefined;
    const { tls } = this.deps;
    if (!tls) throw serviceUnavailable('this server has no certificate for calling nodes');
    const known = this.channels.get(name);
    if (known?.address === address) {
      known.idle.cancel();
      known.idle = this.closeWhenIdle(name);
      return known.service;
    }
    this.close(name);
    // Whatever the address says: the certificate must be this node's. A terminal that is open does not end because this server's own is renewed.
    const channel = connect({ address, tls, serverName: name, streamsOutliveRenewal: true });
    const service = channel.client(nodev1.NodeServiceService);
    this.channels.set(name, { address, channel, service, idle: this.closeWhenIdle(name) });
    return service;
  }

  /** An attached terminal may be silent for hours, and its call would not outlive its channel for long. */
  private closeWhenIdle(name: string): Timer {
    return this.deps.clock.setTimeout(() => {
      const open = this.channels.get(name);
      if (open && open.channel.callsInFlight > 0) open.idle = this.closeWhenIdle(name);
      else this.close(name);
    }, IDLE_MS);
  }

  private close(name: string): void {
    const open = this.channels.get(name);
    this.channels.delete(name);
    open?.idle.cancel();
    open?.channel.close();
  }
}
