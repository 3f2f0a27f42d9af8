import { core, type corev1 } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
import { eventually, makeTempDir, type TempDir } from '@navarch/testing';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { configName } from './cni-config';
import { NetworkAgent, type KernelRoutes } from './network-agent';
import type { Route } from './routes';

const node = (name: string, podCIDR: string | undefined, address: string): corev1.Node => ({
  metadata: { name }, spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] }, status: { addresses: [{ type: 'InternalIP', address }] },
});

/** Routes in memory; the kernel refuses those through gateways that it does not reach. */
class Kernel implements KernelRoutes {
  readonly routes = new Map<string, string | undefined>();
  readonly unreachable = new Set<string>();

  read(): Promise<Route[]> {
    return Promise.resolve([...this.routes].map(([destination, via]) => ({ destination, via })));
  }

  carryOut({ kind, route }: Parameters<KernelRoutes['carryOut']>[0]): Promise<void> {
    if (route.via !== undefined && this.unreachable.has(route.via)) return Promise.reject(new Error('Error: Nexthop has invalid gateway.'));
    if (kind === 'delete') this.routes.delete(route.destination);
    else this.routes.set(route.destination, route.via);
    return Promise.resolve();
  }
}

describe('NetworkAgent', () => {
  let cluster: SimulatedCluster;
  let directory: TempDir;
  let kernel: Kernel;
  let agent: NetworkAgent;

  beforeEach(async () => {
    cluster = new SimulatedCluster();
    directory = await makeTempDir();
    kernel = new Kernel();
    agent = makeAgent();
    await cluster.start();
  });

  const makeAgent = (guarded?: (podRanges: readonly string[]) => Promise<void>): NetworkAgent => new NetworkAgent(
    { node: { name: 'a', cni: { confDir: directory.path, dataDir: '/data' } }, clusterCidr: '10.244.0.0/16', mtu: 0 },
    { nodes: cluster.informers.informer(core.nodes), routes: kernel, clock: cluster.clock, log: silentLogger, ...(guarded === undefined ? {} : { guarded }) },
  );

  afterEach(async () => {
    await agent.stop();
    await cluster.stop();
    await directory.remove();
  });

  const subnet = async (): Promise<unknown> => {
    const config = JSON.parse(await readFile(join(directory.path, configName), 'utf8')) as { plugins: { ipam?: { ranges: unknown } }[] };
    return config.plugins[0]?.ipam?.ranges;
  };

  it('waits for the pod range of its node, then writes the configuration', async () => {
    await cluster.client.create(core.nodes, node('a', undefined, '172.30.1.11'));
    await agent.start();
    await eventually(() => agent.problem === 'node "a" has no pod range yet');
    await cluster.client.patch(core.nodes, { namespace: '', name: 'a' }, 'merge', { spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] } });
    await eventually(() => agent.problem === undefined);
    expect(await subnet()).toEqual([[{ subnet: '10.244.0.0/24' }]]);
  });

  it('gives pods no network before policies hold for their addresses', async () => {
    let hold = (): void => undefined;
    const asked: (readonly string[])[] = [];
    const guarded = (podRanges: readonly string[]): Promise<void> => {
      asked.push(podRanges);
      return new Promise((resolve) => (hold = resolve));
    };
    agent = makeAgent(guarded);
    await cluster.client.create(core.nodes, node('a', '10.244.0.0/24', '172.30.1.11'));
    await agent.start();
    await eventually(() => asked.length === 1);
    expect([asked, existsSync(join(directory.path, configName))]).toEqual([[['10.244.0.0/24']], false]);
    hold();
    await eventually(() => agent.problem === undefined);
    expect(await subnet()).toEqual([[{ subnet: '10.244.0.0/24' }]]);
  });

  it('sets up the network although one node cannot be reached, and tries that one again', async () => {
    kernel.unreachable.add('10.9.9.9');
    kernel.routes.set('10.244.9.0/24', '172.30.1.19');
    const others = [node('lost', '10.244.1.0/24', '10.9.9.9'), node('b', '10.244.2.0/24', '172.30.1.12'), node('a', '10.244.0.0/24', '172.30.1.11')];
    for (const other of others) await cluster.client.create(core.nodes, other);
    await agent.start();
    await eventually(() => agent.problem === undefined);
    expect(await subnet()).toEqual([[{ subnet: '10.244.0.0/24' }]]);
    expect([...kernel.routes]).toEqual([['10.244.2.0/24', '172.30.1.12']]);
    kernel.unreachable.clear();
    await cluster.clock.advance(500);
    await eventually(() => kernel.routes.get('10.244.1.0/24') === '10.9.9.9');
  });

  it('serves both families, and puts back a configuration directory and routes that somebody took away', async () => {
    const dual = (name: string, number: number): corev1.Node => {
      const one = node(name, `10.244.${number}.0/24`, `172.30.1.1${number}`);
      return { ...one, spec: { ...one.spec, podCIDRs: [`10.244.${number}.0/24`, `fd00:10:244:${number}::/64`] }, status: { addresses: [...(one.status?.addresses ?? []), { type: 'InternalIP', address: `fd00:172:30::1${number}` }] } };
    };
    for (const one of [dual('a', 0), dual('b', 2)]) await cluster.client.create(core.nodes, one);
    await agent.start();
    const inPlace = async (): Promise<void> => {
      await eventually(() => kernel.routes.size === 2 && existsSync(join(directory.path, configName)));
      expect(await subnet()).toEqual([[{ subnet: '10.244.0.0/24' }], [{ subnet: 'fd00:10:244:0::/64' }]]);
      expect(Object.fromEntries(kernel.routes)).toEqual({ '10.244.2.0/24': '172.30.1.12', 'fd00:10:244:2::/64': 'fd00:172:30::12' });
    };
    await inPlace();
    await rm(directory.path, { recursive: true });
    kernel.routes.clear();
    await eventually(() => agent.problem === undefined);
    await cluster.clock.advance(30_000);
    await inPlace();
  });
});
