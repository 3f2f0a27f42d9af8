import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { core, networking, type corev1, type networkingv1 } from '@navarch/api';
import { SimulatedServer } from '@navarch/client/testing';
import { bundle, eventually, forwardTo, makeTempDir, NamespaceProcess, type TempDir } from '@navarch/testing';
import { configName } from './cni-config';
import { addressesOf, configIn, inside, runPlugins, type NetworkConfig } from './testing/cni-runtime';

/** The whole agent, as nodes run it: a process a node that follows an API, on a wire that carries only the nodes' own addresses. */
const id = process.pid % 10_000;
const apiserverPort = 6443;
const healthPort = 10_258;

interface TestNode {
  readonly name: string;
  readonly netns: string;
  readonly address: string;
  readonly object: corev1.Node;
}
const nodes = [1, 2].map((number): TestNode => ({
  name: `node-${number}`,
  netns: `nap${id}-${number}`,
  address: `172.31.8.${number}`,
  object: {
    metadata: { name: `node-${number}` },
    spec: { podCIDR: `10.244.${number}.0/24`, podCIDRs: [`10.244.${number}.0/24`, `fd00:10:244:${number}::/64`] },
    status: { addresses: [{ type: 'InternalIP', address: `172.31.8.${number}` }] },
  },
}));
const [first, second] = nodes as [TestNode, TestNode];
const pods = ['a', 'b', 'c', 'd'].map((name) => `nap${id}-${name}`);
const [onFirst = '', onSecond = '', one = '', other = ''] = pods;

let directory: TempDir;
let server: SimulatedServer;
const forwarders: NamespaceProcess[] = [];
const confDir = ({ name }: TestNode, cni: string): string => join(directory.path, cni, name, 'net.d');
const start = (node: TestNode, cni: string, ...flags: string[]): NamespaceProcess => new NamespaceProcess(node.netns, [
  bundle(join(__dirname, 'main.ts')), ...server.flags(apiserverPort), `--node-name=${node.name}`, `--healthz-port=${healthPort}`, `--cni-conf-dir=${confDir(node, cni)}`, `--cni-data-dir=${join(directory.path, cni, node.name, 'networks')}`, ...flags,
]);
/** Whether pods are answered, each by a packet larger than the least that everything must carry; all ask at once. */
const answers = (...asked: (readonly [from: string, address: string])[]): Promise<boolean[]> => Promise.all(asked.map(async ([from, address]) => {
  const ping = spawn('ip', ['netns', 'exec', from, 'busybox', address.includes(':') ? 'ping6' : 'ping', '-c', '1', '-W', '1', '-s', '1300', address], { stdio: 'ignore' });
  return (await once(ping, 'exit'))[0] === 0;
}));
const isReady = ({ netns }: TestNode): boolean => spawnSync('ip', ['netns', 'exec', netns, 'busybox', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${healthPort}/readyz`]).status === 0;
const eventuallyReady = (node: TestNode, agent: NamespaceProcess): Promise<boolean> => eventually(() => {
  if (!isReady(node)) throw new Error(`not ready; the agent says: ${agent.output}`);
  return true;
});

beforeAll(async () => {
  directory = await makeTempDir();
  server = new SimulatedServer(directory.path);
  await server.start();
  for (const netns of [...nodes.map((node) => node.netns), ...pods]) {
    execFileSync('ip', ['netns', 'add', netns]);
    inside(netns, 'ip link set lo up');
  }
  execFileSync('ip', ['link', 'add', 'eth0', 'netns', first.netns, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', second.netns]);
  for (const { netns, address, object } of nodes) {
    inside(netns, `ip address add ${address}/24 dev eth0; ip link set eth0 up`);
    forwarders.push(forwardTo(netns, apiserverPort, server.socket));
    server.api.create(core.nodes, '', object);
  }
}, 60_000);
afterAll(async () => {
  await Promise.all(forwarders.map((forwarder) => forwarder.stop()));
  await server.stop();
  // Those that were not made are gone as well.
  for (const netns of [...pods, ...nodes.map((node) => node.netns)]) spawnSync('ip', ['netns', 'delete', netns]);
  await directory.remove();
});

describe('the process of a network agent', () => {
  it('carries pods of two nodes to each other by VXLAN, in both families, while agents die and nodes come and go', async () => {
    const agents = new Map<TestNode, NamespaceProcess>();
    const begin = (node: TestNode): void => void agents.set(node, start(node, 'vxlan', '--backend=vxlan'));
    try {
      nodes.forEach(begin);
      for (const [node, agent] of agents) await eventuallyReady(node, agent);
      const addresses = [[first, onFirst], [second, onSecond]].map(([node, pod]) => {
        const config = configIn(confDir(node as TestNode, 'vxlan')) as NetworkConfig;
        expect(config.plugins[0]).toMatchObject({ type: 'bridge', mtu: 1450 });
        return addressesOf(runPlugins((node as TestNode).netns, config, 'ADD', pod as string));
      });
      const [ofFirst = [], ofSecond = []] = addresses;
      expect(addresses).toEqual([1, 2].map((number): unknown[] => [expect.stringMatching(`^10\\.244\\.${number}\\.`), expect.stringMatching(`^fd00:10:244:${number}::`)]));
      const bothWays = (): Promise<boolean[]> => answers(...ofSecond.map((address) => [onFirst, address] as const), ...ofFirst.map((address) => [onSecond, address] as const));
      const reached = (wanted: boolean): Promise<boolean> => eventually(async () => {
        expect(await bothWays()).toEqual([wanted, wanted, wanted, wanted]);
        return true;
      });
      await reached(true);
      // The wire itself knows no pods.
      expect(inside(first.netns, 'ip route get 10.244.2.9')).toContain('dev navarch-vxlan');
      // The wire is cut, and is whole again.
      inside(first.netns, 'ip link set eth0 down');
      await reached(false);
      inside(first.netns, 'ip link set eth0 up');
      await reached(true);
      await agents.get(second)?.stop('SIGKILL');
      await reached(true);
      // The next one makes the tunnel anew.
      begin(second);
      await eventuallyReady(second, agents.get(second) as NamespaceProcess);
      await reached(true);
      server.api.delete(core.nodes, '', second.name);
      await reached(false);
      server.api.create(core.nodes, '', second.object);
      await reached(true);
    } finally {
      for (const agent of agents.values()) await agent.stop();
    }
  });

  it('leaves pods and routes to another plug-in with --cni=none, and still enforces policies', async () => {
    const cni = 'foreign';
    const dir = confDir(first, cni);
    await mkdir(dir, { recursive: true });
    const foreign = {
      cniVersion: '0.4.0',
      name: 'foreign',
      plugins: [
        {
          type: 'ptp',
          ipMasq: false,
          ipam: { type: 'host-local', dataDir: join(directory.path, cni, 'addresses'), ranges: [[{ subnet: '10.99.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
        },
      ],
    };
    await writeFile(join(dir, '50-foreign.conflist'), JSON.stringify(foreign));
    const routes = (): string => inside(first.netns, 'ip route show');
    // What the agent of the built-in network left is no longer looked after.
    const before = routes();
    const agent = start(first, cni, '--cni=none');
    try {
      await eventuallyReady(first, agent);
      expect([readdirSync(dir), configIn(dir)]).toEqual([['50-foreign.conflist'], foreign]);
      expect(readdirSync(dir)).not.toContain(configName);
      expect(routes()).toBe(before);
      const [oneIp = '', otherIp = ''] = [one, other].map((pod) => addressesOf(runPlugins(first.netns, configIn(dir) as NetworkConfig, 'ADD', pod))[0]);
      expect(oneIp).toMatch(/^10\.99\.0\./);
      for (const [name, podIP] of [['one', oneIp], ['other', otherIp]] as const) {
        server.api.create(core.pods, 'default', { metadata: { name, labels: { app: name } }, spec: { nodeName: first.name, containers: [] }, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } } as corev1.Pod);
      }
      expect(await answers([one, otherIp], [other, oneIp])).toEqual([true, true]);
      server.api.create(networking.networkpolicies, 'default', { metadata: { name: 'deny' }, spec: { podSelector: { matchLabels: { app: 'one' } }, policyTypes: ['Ingress'] } } as networkingv1.NetworkPolicy);
      await eventually(async () => {
        expect(await answers([one, otherIp], [other, oneIp])).toEqual([true, false]);
        return true;
      });
      server.api.delete(networking.networkpolicies, 'default', 'deny');
      await eventually(async () => (await answers([other, oneIp]))[0] === true);
    } finally {
      await agent.stop();
    }
  });
});
