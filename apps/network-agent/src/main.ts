import { core, networking } from '@navarch/api';
import { clusterConnection, clusterFlags, type ClusterConnection } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess, type Component, type Config, type ProcessContext } from '@navarch/component-base';
import { ensureBridgeFilter } from './bridge-filter';
import { kernelRoutes } from './kernel-routes';
import { answeredAddresses } from './neighbour-answers';
import { NetworkAgent, type NetworkAgentOptions } from './network-agent';
import { removeVxlan, VxlanOverlay } from './overlay/vxlan-overlay';
import { PolicyEnforcer } from './policy/policy-enforcer';
import { removePolicies } from './policy/filter-state';
import { isIPv6Range } from './routes';
import { runCommand, runNft } from './run-command';

const flags = defineFlags({
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
type Flags = Config<typeof flags>;

function agentOptions(config: Flags): NetworkAgentOptions {
  const { clusterCidr, mtu, mode, nodeName, cni, cniConfDir, cniDataDir, loadBalancerCidr } = config;
  const everywhere = { clusterCidr, mtu, ...(loadBalancerCidr === undefined ? {} : { loadBalancerCidrs: loadBalancerCidr.split(',').map((range) => range.trim()) }) };
  if (mode !== 'node') return everywhere;
  if (nodeName === '') throw new Error('--node-name is required with --mode=node');
  return { ...everywhere, node: { name: nodeName, ...(cni === 'bridge' ? { cni: { confDir: cniConfDir, dataDir: cniDataDir } } : {}) } };
}

/** Policies before the pod network: no pod starts while they are not in force. */
function policies(config: Flags, { informers }: ClusterConnection, { clock, log, health }: Pick<ProcessContext<typeof flags>, 'clock' | 'log' | 'health'>): PolicyEnforcer | undefined {
  if (config.mode !== 'node' || !config.networkPolicy) return undefined;
  const enforcer = new PolicyEnforcer(config.nodeName, {
    policies: informers.informer(networking.networkpolicies), pods: informers.informer(core.pods), namespaces: informers.informer(core.namespaces), runNft, clock, log,
    // Another plug-in may give pods addresses of anywhere, and those of the node's range to pods of other nodes.
    ...(config.cni === 'bridge' ? { nodes: informers.informer(core.nodes) } : {}),
  });
  health.addReady('network-policies', () => {
    if (enforcer.failure !== undefined) throw new Error(enforcer.failure);
  });
  return enforcer;
}

/** Work to be done before what follows starts. */
const once = (name: string, work: () => Promise<void>): Component => ({ name, start: work, stop: () => Promise.resolve() });

void runProcess({
  name: 'network-agent',
  flags,
  health: healthzServing,
  main: (context) => {
    const { config, clock, log, health } = context;
    const options = agentOptions(config);
    for (const range of options.node === undefined ? [] : options.loadBalancerCidrs ?? []) {
      if (isIPv6Range(range) && answeredAddresses(range) === undefined) log.warn({ range }, 'this range has too many addresses for a node to answer for them on its network: nobody is told who has them');
    }
    const connection = clusterConnection(config, context);
    const tunnelled = config.mode === 'node' && config.backend === 'vxlan';
    const builtIn = config.mode === 'node' && config.cni === 'bridge';
    const enforcing = policies(config, connection, context);
    // With another plug-in, routes between nodes are its business as well.
    const hasRoutes = config.mode === 'routes' || builtIn;
    const agent = new NetworkAgent(options, {
      nodes: connection.informers.informer(core.nodes), routes: kernelRoutes(runCommand), clock, log, ...(tunnelled && builtIn ? { overlay: new VxlanOverlay(config.nodeName, runCommand) } : {}),
      ...(enforcing === undefined ? {} : { guarded: (podRanges) => enforcing.guarded(podRanges) }),
    });
    health.addReady('network', () => {
      if (hasRoutes && agent.problem !== undefined) throw new Error(agent.problem);
    });
    return [
      connection,
      ...(builtIn ? [once('bridge-filter', ensureBridgeFilter)] : []),
      ...(builtIn && !tunnelled ? [once('no-overlay', () => removeVxlan(runCommand))] : []),
      ...(enforcing === undefined ? [] : [enforcing]),
      ...(config.mode === 'node' && !config.networkPolicy ? [once('no-network-policies', () => removePolicies(runNft))] : []),
      ...(hasRoutes ? [agent] : []),
    ];
  },
});
