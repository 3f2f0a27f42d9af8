import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { RemoteApiClient, SharedInformers } from '@navarch/client';
import { SimulatedTransport } from '@navarch/client/testing';
import { FakeClock } from '@navarch/clock';
import { parseFlags, silentLogger } from '@navarch/component-base';
import { noStateStore, SimulatedCri } from '@navarch/simulated-runtime';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { kubeletOptions } from '../options-from-config';
import { CriRuntime } from '../runtime/cri-runtime';
import { NodeApi } from '../testing/node-api';
import { aPod } from '../testing/pod-bench';
import { manyNodesFlags, nodeConfigs } from './config';
import { simulatedCriClients } from './simulated-clients';
import { simulatedNode } from './simulated-node';

const flags = (...more: string[]): ReturnType<typeof nodeConfigs> =>
  nodeConfigs(
    parseFlags(
      manyNodesFlags,
      ['--apiserver=127.0.0.1:1', '--certificate-authority=ca', '--client-certificate=crt', '--client-key=key', '--resolv-conf=', ...more],
      {},
    ),
  );

describe('many nodes in one process', () => {
  let root: string;
  beforeEach(async () => (root = await mkdtemp(join(tmpdir(), 'many-nodes-'))));
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('gives each its own name, directory and runtime, and refuses what they would share', () => {
    const own = flags('--nodes=2', '--root-dir=/data/{node}', '--node-name-prefix=sim-');
    expect(own.map(({ hostnameOverride, rootDir, containerRuntimeEndpoint }) => [hostnameOverride, rootDir, containerRuntimeEndpoint])).toEqual([
      ['sim-1', '/data/sim-1', 'simulated:sim-1'], ['sim-2', '/data/sim-2', 'simulated:sim-2'],
    ]);
    expect(() => flags('--nodes=2', '--root-dir=/data')).toThrow('--root-dir: each node needs its own: /data has no {node} in it');
  });

  it('registers each, and runs on each the pods that are bound to it', async () => {
    const clock = new FakeClock();
    const api = new NodeApi(clock);
    const transport = new SimulatedTransport(api);
    const informers = new SharedInformers({ transport, clock, log: silentLogger, random: () => 0.5 });
    const client = new RemoteApiClient({ fieldManager: 'kubelet' }, { transport, clock, log: silentLogger, observer: informers });
    const registry = new Registry();
    const metrics = createKubeletMetrics(registry);
    const crashes: unknown[] = [];
    const nodes = flags('--nodes=3', `--root-dir=${root}/{node}`, '--node-ip=192.0.2.1').map((config) => {
      const cri = new SimulatedCri({ podCidr: '10.128.0.0/24', startDelayMs: 0, writesLogs: false }, { clock, state: noStateStore });
      const runtime = new CriRuntime(simulatedCriClients(cri, clock), { requestTimeoutMs: 60_000 });
      return { cri, kubelet: simulatedNode(kubeletOptions(config), { runtime, client, informers, metrics, clock, log: silentLogger, onCrash: (error) => crashes.push(error) }) };
    });
    const names = nodes.map(({ kubelet }) => kubelet.nodeName);
    expect(names).toEqual(['simulated-1', 'simulated-2', 'simulated-3']);
    await informers.start();
    for (const { kubelet } of nodes) await kubelet.start();
    for (const name of names) api.create(core.pods, 'default', aPod({ nodeName: name }, { name: `on-${name}`, uid: `uid-${name}` }));
    const pod = (name: string): corev1.Pod | undefined => api.find(core.pods, 'default', `on-${name}`);
    await until(() => names.every((name) => pod(name)?.status?.phase === 'Running' && api.find(core.nodes, '', name) !== undefined));
    expect(nodes.map(({ cri }) => [...cri.runtime.records.containers].map(({ phase }) => phase))).toEqual([['running'], ['running'], ['running']]);
    expect(crashes).toEqual([]);
    const startedPods = await registry.getSingleMetric('kubelet_started_pods_total')?.get();
    expect(startedPods?.values.map(({ value }) => value)).toEqual([3]);
    for (const { kubelet } of nodes) await kubelet.stop();
    await client.stop();
    transport.cut();
    await informers.stop();
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; !holds();) {
    if (performance.now() > end) throw new Error('never came true');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
