import { core } from '@navarch/api';
import { clusterConnection, clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess } from '@navarch/component-base';
import { kernelRoutes } from './kernel-routes';
import { NetworkAgent } from './network-agent';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10258'),
  mode: { type: 'string', default: 'node', choices: ['node', 'routes'], help: 'node: pod network and routes of a node; routes: only routes to pods, for a host that is no node.' },
  'node-name': { type: 'string', default: '', help: 'The node this runs on (mode node).' },
  'cluster-cidr': { type: 'string', default: '10.244.0.0/16', help: 'Pod addresses of the whole cluster.' },
  'cni-conf-dir': { type: 'string', default: '/etc/cni/net.d', help: 'Where the runtime reads its CNI configuration.' },
  'cni-data-dir': { type: 'string', default: '/var/lib/cni/networks', help: 'Where given addresses are kept.' },
  mtu: { type: 'number', default: '0', help: 'MTU of the pod network; 0 leaves it to the kernel.' },
});

void runProcess({
  name: 'network-agent',
  flags,
  health: healthzServing,
  main: (context) => {
    const { config, clock, log, health } = context;
    if (config.mode === 'node' && config.nodeName === '') throw new Error('--node-name is required with --mode=node');
    const connection = clusterConnection(config, context);
    const agent = new NetworkAgent(
      {
        clusterCidr: config.clusterCidr,
        mtu: config.mtu,
        ...(config.mode === 'node' ? { node: { name: config.nodeName, cniConfDir: config.cniConfDir, cniDataDir: config.cniDataDir } } : {}),
      },
      { nodes: connection.informers.informer(core.nodes), routes: kernelRoutes, clock, log },
    );
    health.addReady('network', () => {
      if (agent.problem !== undefined) throw new Error(agent.problem);
    });
    return [connection, agent];
  },
});
