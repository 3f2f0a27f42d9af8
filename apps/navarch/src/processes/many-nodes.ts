import { join } from 'node:path';
import type { CertificateFiles } from '@navarch/pki';
import { clusterDns, clusterDomain } from '../cluster/addresses';
import { appMain } from './cluster-context';
import { identityFlags } from './node-processes';
import type { ProcessSpec } from './process-spec';

export interface ManyNodes {
  readonly root: string;
  /** Where their files are: of these nodes alone. */
  readonly dir: string;
  readonly apiserver: string;
  /** May stand in for every node. */
  readonly identity: CertificateFiles;
  readonly count: number;
  readonly prefix: string;
  /** Of the kubelets. */
  readonly healthzPort: number;
}

/** What stands for all of them where a process belongs to one node. */
const node = 'all';

/** Simulated nodes in one process, however many they are: their kubelets, and the containers of each. */
export function manyNodesSpecs({ root, dir, apiserver, identity, count, prefix, healthzPort }: ManyNodes): ProcessSpec[] {
  return [
    {
      name: `kubelets@${node}`, node, command: process.execPath, ports: [healthzPort],
      args: [
        appMain(root, 'kubelet', 'many-nodes'), ...identityFlags(apiserver, identity), `--nodes=${count}`, `--node-name-prefix=${prefix}`, '--node-ip=127.0.0.1', `--root-dir=${join(dir, '{node}')}`,
        '--eviction-hard=memory.available<100Mi', `--cluster-dns=${clusterDns}`, `--cluster-domain=${clusterDomain}`, `--healthz-port=${healthzPort}`,
      ],
      health: { kind: 'http', url: `http://127.0.0.1:${healthzPort}/readyz` },
    },
  ];
}
