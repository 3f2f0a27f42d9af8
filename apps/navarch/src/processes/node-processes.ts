import type { CertificateFiles } from '@navarch/pki';
import { clusterDns, clusterDomain } from '../cluster/addresses';
import type { NodeLayout } from '../cluster/layout';
import { appMain } from './cluster-context';
import type { ProcessSpec } from './process-spec';

/** Where every kubelet of a machine of its own serves. */
export const kubeletPorts = { https: 10250, service: 10260 } as const;
const kubeletHealthPort = 10248;
const proxyHealthPort = 10256;
const proxyMetricsPort = 10249;
const agentHealthPort = 10258;

/** One node with real containers, wherever it runs: beside others on this machine, or alone in a container. */
export interface NodeSetup {
  readonly root: string;
  readonly layout: NodeLayout;
  /** What the processes' names end with; none where there is one node only. */
  readonly suffix: string;
  readonly apiserver: string;
  /** One of each family, comma-separated. */
  readonly podCidr: string;
  /** The node's own addresses, one of each family, the main one first. */
  readonly addresses: readonly string[];
  /** Where its processes answer for their health. */
  readonly healthAddress: string;
  /** Network namespace to run in; absent: this process's own. */
  readonly netns?: string;
  /** The process to wait for; absent: nobody that this supervisor runs. */
  readonly after?: string;
  readonly agent: CertificateFiles;
  readonly proxy: CertificateFiles;
  /** The kubelet's identity flags: a certificate that is there, or how to ask for one. */
  readonly kubeletIdentity: readonly string[];
  readonly extraFlags: (process: string) => readonly string[];
}

/** Who a component is. */
export function certificateFlags({ ca, cert, key }: CertificateFiles): string[] {
  return [`--certificate-authority=${ca}`, `--client-certificate=${cert}`, `--client-key=${key}`];
}

/** The flags by which a component reaches the apiserver, as who it is. */
export function identityFlags(apiserver: string, identity: CertificateFiles): string[] {
  return [`--apiserver=${apiserver}`, ...certificateFlags(identity)];
}

/** containerd, network agent, kubelet and proxy of a node, in the order to start them. */
export function nodeProcesses(setup: NodeSetup): ProcessSpec[] {
  const { root, layout, suffix, addresses, healthAddress, podCidr, netns, after, apiserver } = setup;
  const common = { node: layout.name, ...(netns === undefined ? {} : { netns }), ...(after === undefined ? {} : { after }) };
  const app = (name: string, ports: readonly [number, ...number[]], healthPath: string, flags: readonly string[], bindAddress = healthAddress): ProcessSpec => ({
    ...common,
    name: `${name}${suffix}`,
    command: process.execPath,
    args: [appMain(root, name), ...flags, `--healthz-bind-address=${bindAddress}`, `--healthz-port=${ports[0]}`, ...setup.extraFlags(`${name}${suffix}`)],
    ports,
    health: { kind: 'http', url: `http://${healthAddress}:${ports[0]}/${healthPath}` },
  });
  // As upstream's, which answers load balancers and whoever is on the node; beside other things of a machine, not on all its addresses.
  const proxyHealthAddress = netns === undefined ? healthAddress : '0.0.0.0';
  return [
    { ...common, name: `containerd${suffix}`, command: 'containerd', args: ['--config', layout.containerdConfig, '--log-level', 'warn'], health: { kind: 'socket', path: layout.runtimeSocket } },
    app('network-agent', [agentHealthPort], 'readyz', [
      ...identityFlags(apiserver, setup.agent), '--mode=node', `--node-name=${layout.name}`, `--cni-conf-dir=${layout.cniConfig}`, `--cni-data-dir=${layout.cniData}`, `--cluster-cidr=${podCidr}`,
    ]),
    app('kubelet', [kubeletHealthPort, kubeletPorts.https, kubeletPorts.service], 'readyz', [
      `--apiserver=${apiserver}`, ...setup.kubeletIdentity, ...kubeletFlags(layout, addresses, kubeletPorts), `--cgroup-root=${layout.cgroup}`, `--resolv-conf=${layout.resolvConf}`,
    ]),
    app('proxy', [proxyHealthPort, proxyMetricsPort], 'healthz', [...identityFlags(apiserver, setup.proxy), `--hostname-override=${layout.name}`, `--cluster-cidr=${podCidr}`], proxyHealthAddress),
  ];
}

/** What every kubelet is told, of real and of simulated nodes. */
export function kubeletFlags(layout: NodeLayout, addresses: readonly string[], ports: { readonly https: number; readonly service: number }): string[] {
  return [
    `--hostname-override=${layout.name}`, `--node-ip=${addresses.join()}`, `--container-runtime-endpoint=unix://${layout.runtimeSocket}`,
    `--root-dir=${layout.kubelet}`, `--cluster-dns=${clusterDns}`, `--cluster-domain=${clusterDomain}`,
    // The disk of a developer's machine is often nearly full, and shared by all nodes here. Images that went for that could not be had again: they were loaded.
    '--eviction-hard=memory.available<100Mi', '--image-gc-high-threshold=100',
    `--address=${addresses[0] ?? ''}`, `--port=${ports.https}`, `--node-service-port=${ports.service}`,
  ];
}
