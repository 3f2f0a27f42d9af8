import { clusterConnection } from '@navarch/client';
import { type Component, type ProcessContext } from '@navarch/component-base';
import { noStateStore, podCidrsOf, SimulatedCri } from '@navarch/simulated-runtime';
import { createKubeletMetrics } from '../kubelet-metrics';
import { kubeletOptions } from '../options-from-config';
import { countedRuntime } from '../runtime/connect-runtime';
import { nodeConfigs, type manyNodesFlags } from './config';
import { simulatedCriClients } from './simulated-clients';
import { simulatedNode } from './simulated-node';

/**
 * Many kubelets in one process, and in it the simulation of their containers: one connection to the API, one registry of metrics, no servers. What is followed is followed by watches:
 * credentials of NATS that name so many nodes are longer than its servers take.
 */
export function composeNodes(context: ProcessContext<typeof manyNodesFlags>): Component[] {
  const { config, registry, health, clock, log, fail } = context;
  const cluster = clusterConnection({ ...config, followByWatch: true }, { ...context, name: 'kubelet' });
  const { client, informers } = cluster;
  const metrics = createKubeletMetrics(registry);
  const cidrs = podCidrsOf([config.simulatedPodCidr], config.nodes);
  const nodes = nodeConfigs(config).map((own, index) => {
    const cri = new SimulatedCri({ podCidr: cidrs[index] ?? '', startDelayMs: config.simulatedStartDelay, writesLogs: false }, { clock, state: noStateStore });
    const runtime = countedRuntime(simulatedCriClients(cri, clock), own, metrics);
    const kubelet = simulatedNode(kubeletOptions(own), { runtime, client, informers, metrics, clock, log, onCrash: fail });
    const stop = async (): Promise<void> => {
      await kubelet.stop();
      runtime.close();
    };
    return { kubelet, component: { name: `kubelet ${kubelet.nodeName}`, start: () => kubelet.start(), stop } };
  });
  health.addReady('pods', () => nodes.forEach(({ kubelet }) => kubelet.checkReady()));
  return [cluster, ...nodes.map(({ component }) => component)];
}
