import { core, networking } from '@navarch/api';
import { clusterConnection, type ClusterConnection } from '@navarch/client';
import type { Component, Config, ProcessContext } from '@navarch/component-base';
import { ensureBridgeFilter } from './bridge-filter';
import type { flags } from './config';
import { kernelRoutes } from './kernel-routes';
import { answeredAddresses } from './neighbour-answers';
import { NetworkAgent, type NetworkAgentOptions } from './network-agent';
import { removeVxlan, VxlanOverlay } from './overlay/vxlan-overlay';
import { removePolicies } from './policy/filter-state';
import { PolicyEnforcer } from './policy/policy-enforcer';
import { isIPv6Range } from './routes';
import { runCommand, runNft } from './run-command';

type Flags = Config<typeof flags>;

function agentOptions(config: Flags): NetworkAgentOptions {
  const { clusterCidr, mtu, mode, nodeName, cni, cniConfDir, cniDataDir, loadBalancerCidr } = config;
  const loadBalancerCidrs = loadBalancerCidr?.split(',').map((range) => range.trim());
  const everywhere = { clusterCidr, mtu, ...(loadBalancerCidrs === undefined ? {} : { loadBalancerCidrs }) };
  if (mode !== 'node') return everywhere;
  if (nodeName === '') throw new Error('--node-name is required with --mode=node');
  return { ...everywhere, node: { name: nodeName, ...(cni === 'bridge' ? { cni: { confDir: cniConfDir, dataDir: cniDataDir } } : {}) } };
}

/** Policies before the pod network: no pod starts while they are not in force. */
function policies({ config, clock, log, health }: ProcessContext<typeof flags>, { informers }: ClusterConnection): PolicyEnforcer | undefined {
  if (config.mode !== 'node' || !config.networkPolicy) return undefined;
  const enforcer = new PolicyEnforcer(config.nodeName, {
    policies: informers.informer(networking.networkpolicies),
    pods: informers.informer(core.pods),
    namespaces: informers.informer(core.namespaces),
    runNft, clock, log,
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

/** Builds the process's components, in the order in which they start. */
export function compose(context: ProcessContext<typeof flags>): Component[] {
  const { config, clock, log, health } = context;
  const options = agentOptions(config);
  for (const range of options.node === undefined ? [] : options.loadBalancerCidrs ?? []) {
    if (isIPv6Range(range) && answeredAddresses(range) === undefined) {
      log.warn({ range }, 'this range has too many addresses for a node to answer for them on its network: nobody is told who has them');
    }
  }
  const connection = clusterConnection(config, context);
  const tunnelled = config.mode === 'node' && config.backend === 'vxlan';
  const builtIn = config.mode === 'node' && config.cni === 'bridge';
  const enforcing = policies(context, connection);
  // With another plug-in, routes between nodes are its business as well.
  const hasRoutes = config.mode === 'routes' || builtIn;
  const agent = new NetworkAgent(options, {
    nodes: connection.informers.informer(core.nodes), routes: kernelRoutes(runCommand), clock, log,
    ...(tunnelled && builtIn ? { overlay: new VxlanOverlay(config.nodeName, runCommand) } : {}),
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
}
