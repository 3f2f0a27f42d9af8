import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { core } from '@navarch/api';
import { ClusterConnection } from '@navarch/client';
import { systemClock } from '@navarch/clock';
import {
  checkContract,
  CriClient,
  criContract,
  dataPlaneContract,
  nodeServiceContract,
  objectClientContract,
  objectServiceContract,
  schedulerPluginContract,
  streamingContract,
  type ContractCase,
  type ContractResult,
} from '@navarch/contract-kit';
import { nodev1, objectv1, proxyv1, runtimev1, schedulerv1 } from '@navarch/proto';
import { connect, type RpcChannel } from '@navarch/rpc';
import { apiserverOf, type AnyCluster } from '../cluster/any-cluster';
import type { ContractComponent } from '../contract-components';
import { withObjectDouble } from './object-double';

export interface ContractOptions {
  /** `host:port` or `unix:///path`; the cluster's own unless given. */
  readonly target?: string;
  /** The name in the target's certificate; the host of its address unless given. */
  readonly serverName?: string;
  /** Whose administrator asks, where a target wants to know who asks. */
  readonly cluster: AnyCluster;
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /** What the implementation at hand can do besides: `addresses`, `events`, `traffic`, ... */
  readonly offers: readonly string[];
  readonly image: string;
  /** One that a runtime can pull, and nobody needs. */
  readonly pulledImage?: string;
  /** `namespace/pod/container`, for the node service. */
  readonly container?: string;
  /** For the object client: a file of JSON, with what there is. */
  readonly objects?: string;
}

const marks = { holds: '✔', fails: '✘', 'not tried': '–' } as const;

function tell(result: ContractResult): void {
  process.stdout.write(`${marks[result.outcome]} ${result.name}${result.outcome === 'holds' ? '' : `: ${result.why.split('\n')[0] ?? ''}`}\n`);
}

/** `navarch contract <component>`: tries an implementation from outside; false when something does not hold. */
export async function contract(component: ContractComponent, options: ContractOptions): Promise<boolean> {
  const results = await tried[component](options);
  const count = (outcome: ContractResult['outcome']): number => results.filter((result) => result.outcome === outcome).length;
  process.stdout.write(`${count('holds')} hold, ${count('fails')} do not, ${count('not tried')} not tried\n`);
  return count('fails') === 0;
}

const check = <S>(cases: readonly ContractCase<S>[], subject: S, { offers }: ContractOptions): Promise<ContractResult[]> => checkContract(cases, subject, { offers, tell });

const tried: Readonly<Record<ContractComponent, (options: ContractOptions) => Promise<ContractResult[]>>> = {
  'object-service': (options) => withChannel(options, (channel) => check(objectServiceContract, { objects: channel.client(objectv1.ObjectServiceService), namespace: 'default' }, options), ownApiserver),
  'object-client': (options) => withObjectDouble({ ...options, address: wanted(options) }, (subject) => check(objectClientContract, subject, options)),
  'scheduler-plugin': (options) => withChannel(options, (channel) => check(schedulerPluginContract, { plugin: channel.client(schedulerv1.PluginServiceService) }, options)),
  'data-plane': (options) => withChannel(options, (channel) => check(dataPlaneContract, { dataPlane: channel.client(proxyv1.DataPlaneServiceService) }, options)),
  'node-service': async (options) => {
    const container = await containerOf(options);
    return withChannel(
      { ...options, target: options.target ?? container.address },
      (channel) => check(nodeServiceContract, { node: channel.client(nodev1.NodeServiceService), container: container.key }, options),
      ownApiserver,
    );
  },
  'cri-runtime': async (options) => {
    const client = new CriClient(wanted(options));
    const logRoot = mkdtempSync(join(tmpdir(), 'navarch-contract-'));
    const hostNetwork = options.offers.includes('host-network');
    const sandboxLinux = runtimev1.LinuxPodSandboxConfig.fromPartial({
      securityContext: {
        namespaceOptions: { network: hostNetwork ? runtimev1.NamespaceMode.NODE : runtimev1.NamespaceMode.POD, pid: runtimev1.NamespaceMode.CONTAINER },
      },
    });
    try {
      return await check([...criContract, ...streamingContract], { client, logRoot, image: options.image, pulledImage: options.pulledImage, sandboxLinux }, options);
    } finally {
      client.close();
      rmSync(logRoot, { recursive: true, force: true });
    }
  },
};

function wanted({ target }: ContractOptions): string {
  if (target === undefined) throw new Error('--target is required: host:port, or unix:///path');
  return target;
}

/** The cluster's gRPC address and who its administrator is. */
function ownApiserver({ cluster }: ContractOptions): { target: string; tls: NonNullable<ContractOptions['tls']> } {
  const { address, files: { ca, cert, key } } = apiserverOf(cluster);
  return { target: address, tls: { caFile: ca, certFile: cert, keyFile: key } };
}

async function withChannel(options: ContractOptions, use: (channel: RpcChannel) => Promise<ContractResult[]>, own?: typeof ownApiserver): Promise<ContractResult[]> {
  const known = own !== undefined && (options.target === undefined || options.tls === undefined) ? own(options) : undefined;
  const tls = options.tls ?? known?.tls;
  const channel = connect({
    address: options.target ?? known?.target ?? wanted(options),
    ...(tls === undefined ? {} : { tls }),
    ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
  });
  try {
    await channel.waitForReady(10_000);
    return await use(channel);
  } finally {
    channel.close();
  }
}

/** The container to try the node service with, and where its node is: the named one, or any of the cluster that runs. */
async function containerOf(options: ContractOptions): Promise<{ key: nodev1.ContainerKey; address: string }> {
  const { target, tls } = ownApiserver(options);
  const connection = new ClusterConnection({ name: 'contract', bus: false, apiserver: { address: target, tls } }, { clock: systemClock, log: silent });
  try {
    const [namespace, name, container] = options.container?.split('/') ?? [];
    const { items } = await connection.client.list(core.pods);
    const pod = items.find(({ metadata, status }) => status?.phase === 'Running' && (name === undefined || (metadata.name === name && metadata.namespace === namespace)));
    if (pod === undefined) throw new Error(`${options.container ?? 'no pod'} runs: start one (kubectl run contract --image=navarch.local/web:1), or name it with --container namespace/pod/container`);
    const node = await connection.client.get(core.nodes, { namespace: '', name: pod.spec?.nodeName ?? '' });
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || 10250;
    const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
    return {
      key: { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name ?? '', podUid: pod.metadata.uid ?? '', container: container ?? pod.spec?.containers[0]?.name ?? '' },
      address: node.metadata.annotations?.['navarch.io/node-service'] ?? `${address}:${port}`,
    };
  } finally {
    await connection.stop();
  }
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
