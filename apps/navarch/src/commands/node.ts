import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { hostAddress } from '@navarch/component-base';
import { PkiFiles } from '@navarch/pki';
import { clusterDns } from '../cluster/addresses';
import type { IpFamily } from '../cluster/families';
import { Layout, type NodeLayout } from '../cluster/layout';
import type { RuntimeKind } from '../cluster/settings';
import { writeContainerdFiles } from '../host/containerd-files';
import { run } from '../host/command';
import { mountOwnCgroups } from '../host/own-cgroups';
import { nodeResolvConf } from '../host/node-resolver';
import { builtImages } from '../host/requirements';
import { importMissing } from '../images/node-images';
import { appMain } from '../processes/cluster-context';
import { identityFlags, kubeletFlags, kubeletPorts, nodeProcesses } from '../processes/node-processes';
import type { ProcessSpec } from '../processes/process-spec';
import { tapped } from '../processes/tapped';
import { Supervisor } from '../supervisor/supervisor';

export interface NodeOptions {
  readonly root: string;
  readonly name?: string;
  readonly runtime: RuntimeKind;
  /** gRPC address of the apiserver. */
  readonly apiserver: string;
  /** Holds the node bundle of `navarch pki`. */
  readonly pki: string;
  /** Keeps what outlives this process: containers, images, the kubelet's certificate. */
  readonly data: string;
  /** One of each family, comma-separated. */
  readonly podCidr: string;
  /** Which of its own addresses the node is reached by. */
  readonly ipFamily: IpFamily;
  /** Processes that somebody else runs. */
  readonly without: readonly string[];
}

/** Everything goes to this process's own output: whoever runs it keeps the logs. */
const output = '/dev/stderr';
const kubeletHealthPort = 10248;
const localPathHealthPort = 10264;

/** `navarch node`: one node of a cluster that runs elsewhere, with all its processes, until it is told to stop. */
export async function node(options: NodeOptions): Promise<void> {
  const name = options.name ?? hostname();
  const layout = new Layout('node', options.data);
  const self = layout.node(name);
  const specs = tapped(options.runtime === 'containerd' ? realNode(options, layout, self) : simulatedNode(options, self), layout);
  for (const dir of [layout.logs, layout.runtimeDir, self.dir]) mkdirSync(dir, { recursive: true });
  const supervisor = new Supervisor(layout, specs.filter(({ name: process_ }) => !options.without.includes(process_)), systemClock, () => output);
  const stop = (): void => void supervisor.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await supervisor.start();
  if (options.runtime === 'containerd') await importMissing(self.runtimeSocket, await builtImages(options.root, layout.images));
}

/** How the kubelet comes to a certificate of its own: it asks for one with the bootstrap token, and renews it. */
function bootstrapFlags({ pki }: NodeOptions, self: NodeLayout): string[] {
  return [
    `--certificate-authority=${new PkiFiles(pki).ca.cert}`, `--bootstrap-kubeconfig=${join(pki, 'bootstrap-kubeconfig')}`,
    `--cert-dir=${join(self.kubelet, 'pki')}`, '--rotate-certificates', '--rotate-server-certificates', `--client-ca-file=${new PkiFiles(pki).ca.cert}`,
  ];
}

function realNode(options: NodeOptions, layout: Layout, self: NodeLayout): ProcessSpec[] {
  const files = new PkiFiles(options.pki);
  // What a container before this one left: sockets that nobody listens on.
  rmSync(layout.runtimeDir, { recursive: true, force: true });
  mountOwnCgroups();
  writeContainerdFiles(self, layout.registries);
  writeFileSync(self.resolvConf, nodeResolvConf(readFileSync('/etc/resolv.conf', 'utf8'), undefined, clusterDns));
  masqueradePods(options.podCidr);
  return [...nodeProcesses({
    root: options.root,
    layout: self,
    suffix: '',
    apiserver: options.apiserver,
    podCidr: options.podCidr,
    addresses: ownAddresses(options),
    healthAddress: '127.0.0.1',
    agent: files.component('network-agent'),
    proxy: files.component('proxy'),
    kubeletIdentity: bootstrapFlags(options, self),
    extraFlags: () => [],
  }), localPath(options, self)];
}

/** Makes and removes the directories of this node's volumes. */
function localPath({ root, apiserver, pki }: NodeOptions, self: NodeLayout): ProcessSpec {
  return {
    name: 'local-path',
    node: self.name,
    command: process.execPath,
    args: [
      appMain(root, 'local-path'), ...identityFlags(apiserver, new PkiFiles(pki).component('local-path')), `--node-name=${self.name}`, `--directory=${self.volumes}`,
      '--healthz-bind-address=127.0.0.1', `--healthz-port=${localPathHealthPort}`,
    ],
    health: { kind: 'http', url: `http://127.0.0.1:${localPathHealthPort}/readyz` },
  };
}

function simulatedNode(options: NodeOptions, self: NodeLayout): ProcessSpec[] {
  const { root, apiserver } = options;
  return [
    {
      name: 'fake-runtime',
      node: self.name,
      command: process.execPath,
      args: [appMain(root, 'fake-runtime'), `--endpoint=unix://${self.runtimeSocket}`, `--state-dir=${join(self.dir, 'fake-runtime')}`],
      health: { kind: 'socket', path: self.runtimeSocket },
    },
    {
      name: 'kubelet',
      node: self.name,
      command: process.execPath,
      args: [
        appMain(root, 'kubelet'),
        `--apiserver=${apiserver}`,
        ...bootstrapFlags(options, self),
        ...kubeletFlags(self, ownAddresses(options), kubeletPorts),
        '--healthz-bind-address=127.0.0.1',
        `--healthz-port=${kubeletHealthPort}`,
      ],
      health: { kind: 'http', url: `http://127.0.0.1:${kubeletHealthPort}/readyz` },
    },
  ];
}

/** By which others reach this machine, the main one first. */
function ownAddresses({ ipFamily }: NodeOptions): string[] {
  return (ipFamily === 'dual' ? ['IPv4', 'IPv6'] as const : ['IPv4'] as const).map((family) => {
    const address = hostAddress(family);
    if (address === undefined) throw new Error(`this machine has no address of ${family} that others could reach it by`);
    return address;
  });
}

/** Pods' own addresses are known inside the cluster only: to all else they speak as their node. */
function masqueradePods(podCidrs: string): void {
  for (const podCidr of podCidrs.split(',')) {
    const [family, loopback] = podCidr.includes(':') ? ['ip6', '::1'] : ['ip', '127.0.0.0/8'];
    const table = `${family} navarch-node`;
    run('nft', ['-f', '-'], {
      input: [
        `table ${table}`,
        `delete table ${table}`,
        `table ${table} {`,
        '  chain postrouting {',
        '    type nat hook postrouting priority srcnat; policy accept;',
        `    ${family} saddr ${podCidr} ${family} daddr != { ${podCidr}, ${loopback} } oifname != "cni0" masquerade`,
        '  }',
        '}',
      ].join('\n'),
    });
  }
}
