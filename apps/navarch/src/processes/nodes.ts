import { join } from 'node:path';
import { clusterDns, clusterDomain, nodeAddress, nodeName } from '../cluster/addresses';
import { pkiFiles } from '../cluster/certificates';
import { appMain, extraFlags, type ClusterContext } from './cluster-context';
import { clusterFlags } from './control-plane';
import type { ProcessSpec } from './process-spec';

const kubeletHealthPort = 10248;
const proxyHealthPort = 10256;
const agentHealthPort = 10258;
/** Simulated nodes share the host's loopback, so each has its own ports from here up. */
const simulatedPorts = 20_000;

/** The processes of a real node, in its network namespace. */
export function realNodeSpecs(context: ClusterContext, index: number): ProcessSpec[] {
  const { layout, settings, root } = context;
  const name = nodeName(index);
  const node = layout.node(name);
  const address = nodeAddress(settings.subnet, index);
  const files = pkiFiles(layout);
  const app = (process_: string, identity: ReturnType<typeof files.component>, port: number, flags: readonly string[]): ProcessSpec => ({
    name: `${process_}@${name}`,
    node: name,
    netns: node.netns,
    command: process.execPath,
    args: [
      appMain(root, process_), ...clusterFlags(context, identity), ...flags,
      `--healthz-bind-address=${address}`, `--healthz-port=${port}`, ...extraFlags(context, `${process_}@${name}`),
    ],
    port,
    health: { kind: 'http', url: `http://${address}:${port}/${process_ === 'proxy' ? 'healthz' : 'readyz'}` },
  });
  return [
    {
      name: `containerd@${name}`,
      node: name,
      netns: node.netns,
      command: 'containerd',
      args: ['--config', node.containerdConfig, '--log-level', 'warn'],
      health: { kind: 'socket', path: node.runtimeSocket },
    },
    app('network-agent', files.component('network-agent'), agentHealthPort, [
      '--mode=node', `--node-name=${name}`, `--cni-conf-dir=${node.cniConfig}`, `--cni-data-dir=${node.cniData}`, `--cluster-cidr=${settings.podCidr}`,
    ]),
    app('kubelet', files.node(name), kubeletHealthPort, kubeletFlags(context, index, address, 10250)),
    app('proxy', files.component('proxy'), proxyHealthPort, [`--hostname-override=${name}`, `--cluster-cidr=${settings.podCidr}`]),
  ];
}

/** The processes of a simulated node: no root, no namespace, no network. */
export function simulatedNodeSpecs(context: ClusterContext, index: number): ProcessSpec[] {
  const { layout, root } = context;
  const name = nodeName(index);
  const node = layout.node(name);
  const ports = { runtime: simulatedPorts + index * 10, kubelet: simulatedPorts + index * 10 + 1, service: simulatedPorts + index * 10 + 2 };
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
      port: ports.kubelet,
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
    `--address=${address}`, `--port=${servicePort}`, `--tls-cert-file=${identity.cert}`, `--tls-private-key-file=${identity.key}`, `--client-ca-file=${identity.ca}`,
    ...(settings.runtime === 'containerd' ? [`--cgroup-root=${node.cgroup}`] : []),
  ];
}
