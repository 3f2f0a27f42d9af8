import { clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags } from '@navarch/component-base';

/** The flags of `network-agent`. */
export const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10258'),
  mode: { type: 'string', default: 'node', choices: ['node', 'routes'], help: 'node: pod network and routes of a node; routes: only routes to pods, for a host that is no node.' },
  'node-name': { type: 'string', default: '', help: 'The node this runs on (mode node).' },
  'cluster-cidr': { type: 'string', default: '10.244.0.0/16', help: 'Pod addresses of the whole cluster.' },
  'load-balancer-cidr': { type: 'string', help: 'Addresses of load balancers, a range of each family. The first node that is ready answers for them on its own network (mode node; in IPv6 for up to 256); a host gets a route to it (mode routes).' },
  cni: { type: 'string', default: 'bridge', choices: ['bridge', 'none'], help: 'bridge: the built-in pod network; none: another plug-in configures --cni-conf-dir and the routes.' },
  backend: { type: 'string', default: 'host-gw', choices: ['host-gw', 'vxlan'], help: 'How packets reach pods of other nodes: by routes where nodes are neighbours, or in a tunnel.' },
  'network-policy': { type: 'boolean', default: 'true', help: 'Enforce NetworkPolicies on this node.' },
  'cni-conf-dir': { type: 'string', default: '/etc/cni/net.d', help: 'Where the runtime reads its CNI configuration.' },
  'cni-data-dir': { type: 'string', default: '/var/lib/cni/networks', help: 'Where given addresses are kept.' },
  mtu: { type: 'number', default: '0', help: 'MTU of the pod network; 0 leaves it to the kernel, and to the tunnel.' },
});
