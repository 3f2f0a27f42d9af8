import { join } from 'node:path';
import type { CertificateFiles } from '@navarch/pki';
import { clusterDns, clusterDomain } from '../cluster/addresses';
import type { Layout } from '../cluster/layout';
import { appMain } from './cluster-context';
import { identityFlags } from './node-processes';
import type { ProcessSpec } from './process-spec';

export interface ManyNodes {
  readonly root: string;
  /** Of these nodes alone, not of their cluster. */
  readonly layout: Layout;
  readonly apiserver: string;
  /** May stand in for every node. */
  readonly identity: CertificateFiles;
  readonly count: number;
  readonly prefix: string;
  /** Of the kubelets; the simulation has the next. */
  readonly healthzPort: number;
}

/** Enough for 32,768 nodes of 254 pods each; no packet is ever sent to one of them. */
const podCidr = '10.128.0.0/9';
/** What stands for all of them where a process belongs to one node. */
const node = 'all';

/** Simulated nodes in two processes, however many they are: the containers, and the kubelets. */
export function manyNodesSpecs({ root, layout, apiserver, identity, count, prefix, healthzPort }: ManyNodes): ProcessSpec[] {
  const socket = (name: string): string => `unix://${join(layout.runtimeDir, `${name}.sock`)}`;
  const runtime = `fake-runtime@${node}`;
  const ports = { kubelets: healthzPort, runtime: healthzPort + 1 };
  return [
    {
      name: runtime, node, command: process.execPath, ports: [ports.runtime],
      args: [
        appMain(root, 'fake-runtime'), ...Array.from({ length: count }, (_, index) => `--endpoint=${socket(`${prefix}${index + 1}`)}`), `--pod-cidr=${podCidr}`, `--healthz-port=${ports.runtime}`,
      ],
      health: { kind: 'http', url: `http://127.0.0.1:${ports.runtime}/readyz` },
    },
    {
      name: `kubelets@${node}`, node, command: process.execPath, ports: [ports.kubelets], after: runtime,
      args: [
        appMain(root, 'kubelet', 'many-nodes'), ...identityFlags(apiserver, identity), `--nodes=${count}`, `--node-name-prefix=${prefix}`, '--node-ip=127.0.0.1', `--root-dir=${join(layout.dir, '{node}')}`,
        `--container-runtime-endpoint=${socket('{node}')}`, '--eviction-hard=memory.available<100Mi', `--cluster-dns=${clusterDns}`, `--cluster-domain=${clusterDomain}`,
        `--healthz-port=${ports.kubelets}`,
      ],
      health: { kind: 'http', url: `http://127.0.0.1:${ports.kubelets}/readyz` },
    },
  ];
}
