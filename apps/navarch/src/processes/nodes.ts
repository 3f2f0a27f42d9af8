import { join } from 'node:path';
import { clusterDns, clusterDomain, nodeAddress, nodeName } from '../cluster/addresses';
import { pkiFiles } from '../cluster/certificates';
import { appMain, extraFlags, type ClusterContext } from './cluster-context';
import { clusterFlags } from './control-plane';
import { portsOfNode } from '../cluster/settings';
import type { ProcessSpec } from './process-spec';

const kubeletPort = 10250;
const kubeletHealthPort = 10248;
const proxyHealthPort = 10256;
const agentHealthPort = 10258;

/** The processes of a real node, in its network namespace. */
export function realNodeSpecs(context: ClusterContext, index: number): ProcessSpec[] {
  const { layout, settings, root } = context;
  const name = nodeName(index);
  const node = layout.node(name);
  const address = nodeAddress(settings.subnet, index);
  const files = pkiFiles(layout);
  const app = (process_: string, identity: ReturnType<typeof files.component>, ports: readonly [number, ...number[]], flags: readonly string[]): ProcessSpec => ({
    name: `${process_}@${name}`,
    node: name,
    netns: node.netns,
    command: process.execPath,
    args: [
      appMain(root, process_), ...clusterFlags(context, identity), ...flags,
      `--healthz-bind-address=${address}`, `--healthz-port=${ports[0]}`, ...extraFlags(context, `${process_}@${name}`),
    ],
    ports,
    after: 'apiserver',
    health: { kind: 'http', url: `http://${address}:${ports[0]}/${process_ === 'proxy' ? 'healthz' : 'readyz'}` },
  });
  return [
    {
      name: `containerd@${name}`,
      node: name,
      netns: node.netns,
      command: 'containerd',
      args: ['--config', node.containerdConfig, '--log-level', 'warn'],
      after: 'apiserver',
      health: { kind: 'socket', path: node.runtimeSocket },
    },
    app('network-agent', files.component('network-agent'), [agentHealthPort], [
      '--mode=node', `--node-name=${name}`, `--cni-conf-dir=${node.cniConfig}`, `--cni-data-dir=${node.cniData}`, `--cluster-cidr=${settings.podCidr}`,
    ]),
    app('kubelet', files.node(name), [kubeletHealthPort, kubeletPort], kubeletFlags(context, index, address, kubeletPort)),
    app('proxy', files.component('proxy'), [proxyHealthPort], [`--hostname-override=${name}`, `--cluster-cidr=${settings.podCidr}`]),
  ];
}

/** The processes of a simulated node: no root, no namespace, no network. */
export function simulatedNodeSpecs(context: ClusterContext, index: number): ProcessSpec[] {
  const { layout, settings, root } = context;
  const name = nodeName(index);
  const node = layout.node(name);
  const firstPort = settings.ports.simulatedNodes + index * portsOfNode;
  const ports = { runtime: firstPort, kubelet: firstPort + 1, service: firstPort + 2 };
  const files = pkiFiles(layout);
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
        appMain(root, 'kubelet'), ...clusterFlags(context, files.node(name)), ...kubeletFlags(context, index, '127.0.0.1', ports.service),
        '--healthz-bind-address=127.0.0.1', `--healthz-port=${ports.kubelet}`, ...extraFlags(context, `kubelet@${name}`),
      ],
      ports: [ports.kubelet, ports.service],
      after: 'apiserver',
      health: { kind: 'http', url: `http://127.0.0.1:${ports.kubelet}/readyz` },
    },
  ];
}

function kubeletFlags({ layout, settings }: ClusterContext, index: number, address: string, servicePort: number): string[] {
  const name = nodeName(index);
  const node = layout.node(name);
  const identity = pkiFiles(layout).node(name);
  return [
    `--hostname-override=${name}`, `--node-ip=${address}`, `--container-runtime-endpoint=unix://${node.runtimeSocket}`,
    `--root-dir=${node.kubelet}`, `--cluster-dns=${clusterDns}`, `--cluster-domain=${clusterDomain}`,
    // The disk of a developer's machine is often nearly full, and shared by all nodes here.
    '--eviction-hard=memory.available<100Mi',
    `--address=${address}`, `--port=${servicePort}`, `--tls-cert-file=${identity.cert}`, `--tls-private-key-file=${identity.key}`, `--client-ca-file=${identity.ca}`,
    ...(settings.runtime === 'containerd' ? [`--cgroup-root=${node.cgroup}`, `--resolv-conf=${node.resolvConf}`] : []),
  ];
}
