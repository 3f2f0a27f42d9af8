import { join } from 'node:path';
import { nodeName } from '../cluster/addresses';
import { pkiFiles } from '../cluster/certificates';
import { nodeAddresses, podCidrs } from '../cluster/families';
import { portsOfNode } from '../cluster/settings';
import { appMain, controlPlaneAddress, extraFlags, type ClusterContext } from './cluster-context';
import { certificateFlags, kubeletFlags, nodeProcesses } from './node-processes';
import type { ProcessSpec } from './process-spec';

const apiserverAddress = (context: ClusterContext): string => `${controlPlaneAddress(context)}:${context.settings.ports.apiserverGrpc}`;

/** The processes of a real node, in its network namespace. */
export function realNodeSpecs(context: ClusterContext, index: number): ProcessSpec[] {
  const { layout, settings, root } = context;
  const name = nodeName(index);
  const node = layout.node(name);
  const files = pkiFiles(layout);
  const addresses = nodeAddresses(settings, index);
  return nodeProcesses({
    root,
    layout: node,
    suffix: `@${name}`,
    apiserver: apiserverAddress(context),
    podCidr: podCidrs(settings),
    addresses,
    healthAddress: addresses[0] ?? '',
    netns: node.netns,
    after: 'apiserver',
    agent: files.component('network-agent'),
    proxy: files.component('proxy'),
    kubeletIdentity: kubeletIdentity(context, name),
    extraFlags: (process_) => extraFlags(context, process_),
  });
}

/** The processes of a simulated node: no root, no namespace, no network. */
export function simulatedNodeSpecs(context: ClusterContext, index: number): ProcessSpec[] {
  const { layout, settings, root } = context;
  const name = nodeName(index);
  const node = layout.node(name);
  const firstPort = settings.ports.simulatedNodes + index * portsOfNode;
  const ports = { runtime: firstPort, kubelet: firstPort + 1, service: firstPort + 2, https: firstPort + 3 };
  return [
    {
      name: `fake-runtime@${name}`,
      node: name,
      command: process.execPath,
      args: [
        appMain(root, 'fake-runtime'), `--endpoint=unix://${node.runtimeSocket}`, `--pod-cidr=10.244.${index}.0/24`, `--state-dir=${join(node.dir, 'fake-runtime')}`,
        `--healthz-port=${ports.runtime}`, ...extraFlags(context, `fake-runtime@${name}`),
      ],
      ports: [ports.runtime],
      after: 'apiserver',
      health: { kind: 'socket', path: node.runtimeSocket },
    },
    {
      name: `kubelet@${name}`,
      node: name,
      command: process.execPath,
      args: [
        appMain(root, 'kubelet'), `--apiserver=${apiserverAddress(context)}`, ...kubeletIdentity(context, name), ...kubeletFlags(node, ['127.0.0.1'], ports),
        '--healthz-bind-address=127.0.0.1', `--healthz-port=${ports.kubelet}`, ...extraFlags(context, `kubelet@${name}`),
      ],
      ports: [ports.kubelet, ports.service, ports.https],
      after: 'apiserver',
      health: { kind: 'http', url: `http://127.0.0.1:${ports.kubelet}/readyz` },
    },
  ];
}

/** The launcher makes its nodes' certificates itself: they serve with the one they are known by. */
function kubeletIdentity(context: ClusterContext, name: string): string[] {
  const identity = pkiFiles(context.layout).node(name);
  return [...certificateFlags(identity), `--tls-cert-file=${identity.cert}`, `--tls-private-key-file=${identity.key}`, `--client-ca-file=${identity.ca}`];
}
