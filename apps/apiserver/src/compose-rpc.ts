import { NatsBus } from '@navarch/bus';
import type { Clock } from '@navarch/clock';
import { type Component, hostPort, listenAddress, type Logger } from '@navarch/component-base';
import { identityv1, readDescriptors } from '@navarch/proto';
import { RpcServer } from '@navarch/rpc';
import type { Store, WatchCache } from '@navarch/storage';
import { access, readFile } from 'node:fs/promises';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { ApiserverConfig } from './config';
import type { AuthenticatorChain } from './pipeline/authenticate';
import type { AuthorizerChain } from './pipeline/authorize';
import { ChangePublisher } from './publish/change-publisher';
import { PublisherLease } from './publish/publisher-lease';
import type { Posts } from './registry/post';
import type { Registry } from './registry/registry';
import { BusCredentialMint } from './rpc/bus-credentials';
import { IdentityService } from './rpc/identity-service';
import { ObjectService, objectServiceDefinition } from './rpc/object-service';
import { RpcRequests } from './rpc/rpc-requests';
import { RpcWrites } from './rpc/rpc-writes';
import type { WatchHub } from './watch/watch-hub';

export interface RpcDeps {
  readonly authentication: AuthenticatorChain;
  readonly authorization: AuthorizerChain;
  readonly registry: Registry;
  readonly posts: Posts;
  readonly hub: WatchHub;
  readonly cache: WatchCache;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

export interface ComposedRpc {
  readonly server: RpcServer;
  /** Absent without NATS. */
  readonly publisher: Component | undefined;
}

/** The gRPC door, and the publication of changes on NATS. */
export async function composeRpc(config: ApiserverConfig, deps: RpcDeps): Promise<ComposedRpc> {
  const { authentication, authorization, registry, posts, hub, cache, clock, log, metrics } = deps;
  const mint = await mintOf(config, clock);
  const requests = new RpcRequests(authentication, authorization, registry);
  const server = new RpcServer(
    {
      address: hostPort(listenAddress(config.bindAddress), config.grpcPort),
      descriptors: readDescriptors,
      tls: { caFile: config.clientCaFile, certFile: config.tlsCertFile, keyFile: config.tlsPrivateKeyFile },
    },
    { log, registry: metrics },
  );
  server.add(objectServiceDefinition, new ObjectService({ requests, writes: new RpcWrites(requests, posts), hub, cache, log }));
  server.add(identityv1.IdentityServiceService, new IdentityService({ requests, authorization, registry, mint }));
  return { server, publisher: mint && (await publisherOf(config, mint, deps)) };
}

async function mintOf(config: ApiserverConfig, clock: Clock): Promise<BusCredentialMint | undefined> {
  if (config.natsServers.length === 0 || config.natsAccountSeedFile === undefined) return undefined;
  const accountSeed = (await readFile(config.natsAccountSeedFile, 'utf8')).trim();
  return new BusCredentialMint({ accountSeed, servers: config.natsServers }, clock);
}

async function publisherOf(config: ApiserverConfig, mint: BusCredentialMint, { cache, registry, store, clock, log }: RpcDeps): Promise<Component> {
  const { natsCafile: caFile } = config;
  // A file that is not there is to be told of now, though it is read for every connection.
  if (caFile !== undefined) await access(caFile);
  const bus = new NatsBus(
    { name: 'kube-apiserver', ...(caFile === undefined ? {} : { caFile }) },
    { clock, log, credentials: (publicKey) => mint.mint('system:apiserver', publicKey, { publish: ['change.>', 'bookmark.>'], subscribe: [] }) },
  );
  return new ChangePublisher({ cache, registry, bus, lease: new PublisherLease({ store, clock }), clock });
}
