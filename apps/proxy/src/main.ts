import { core, discovery } from '@navarch/api';
import { clusterConnection, clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess, type Config } from '@navarch/component-base';
import { connect } from '@navarch/rpc';
import { NftablesDataPlane } from './backends/nftables/nftables-data-plane';
import type { DataPlane } from './backends/data-plane';
import { RemoteDataPlane } from './backends/remote/remote-data-plane';
import { Proxy } from './proxy';
import { ProxyMetrics } from './proxy-metrics';
import { byService, serviceOf } from './service-tracker';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10256'),
  'hostname-override': { type: 'string', required: true, help: 'Name of the node: its own endpoints are known by it.' },
  'cluster-cidr': { type: 'string', default: '10.244.0.0/16', help: 'Pod addresses; traffic to services from elsewhere is masqueraded.' },
  'proxy-mode': { type: 'string', default: 'nftables', choices: ['nftables', 'grpc'], help: 'The data plane: the kernel\'s nftables, or one in another process.' },
  'data-plane': { type: 'string', help: 'Address of the data plane with --proxy-mode=grpc: host:port, or unix:///path.' },
});

function dataPlaneOf(config: Config<typeof flags>): DataPlane {
  if (config.proxyMode === 'nftables') return new NftablesDataPlane({ clusterCidr: config.clusterCidr });
  if (config.dataPlane === undefined) throw new Error('--data-plane is required with --proxy-mode=grpc');
  const tls = { caFile: config.certificateAuthority, certFile: config.clientCertificate, keyFile: config.clientKey };
  return new RemoteDataPlane(connect({ address: config.dataPlane, ...(config.dataPlane.startsWith('unix:') ? {} : { tls }) }));
}

void runProcess({
  name: 'proxy',
  flags,
  health: healthzServing,
  main: (context) => {
    const { config, clock, log, registry, health } = context;
    const connection = clusterConnection(config, context);
    const services = connection.informers.informer(core.services);
    const slices = connection.informers.informer(discovery.endpointslices, { indexes: { [byService]: serviceOf } });
    const proxy = new Proxy({ nodeName: config.hostnameOverride }, {
      services, slices, clock, log, metrics: new ProxyMetrics(registry), dataPlane: dataPlaneOf(config),
    });
    health.addReady('rules', () => {
      if (proxy.failure !== undefined) throw new Error(proxy.failure);
    });
    return [connection, proxy];
  },
});
