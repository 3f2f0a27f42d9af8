import { core, discovery } from '@navarch/api';
import { clusterConnection, clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess } from '@navarch/component-base';
import { NftablesDataPlane } from './backends/nftables/nftables-data-plane';
import { Proxy } from './proxy';
import { ProxyMetrics } from './proxy-metrics';
import { byService, serviceOf } from './service-tracker';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10256'),
  'hostname-override': { type: 'string', required: true, help: 'Name of the node: its own endpoints are known by it.' },
  'cluster-cidr': { type: 'string', default: '10.244.0.0/16', help: 'Pod addresses; traffic to services from elsewhere is masqueraded.' },
  'proxy-mode': { type: 'string', default: 'nftables', choices: ['nftables'], help: 'The data plane.' },
});

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
      services, slices, clock, log, metrics: new ProxyMetrics(registry), dataPlane: new NftablesDataPlane({ clusterCidr: config.clusterCidr }),
    });
    health.addReady('rules', () => {
      if (proxy.failure !== undefined) throw new Error(proxy.failure);
    });
    return [connection, proxy];
  },
});
