import { createSocket, type Socket } from 'node:dgram';
import { hostname } from 'node:os';
import { chooseNetwork, routedNetworks } from '../cluster/free-network';
import { bridgeAddress, bridgeName, nodeAddress, nodeNetwork, subnets } from '../cluster/addresses';
import { bridgeAddress6, nodeAddress6 } from '../cluster/families';
import { commandLine } from '../processes/process-spec';
import { run, succeeds } from './command';
import { runAsync } from './command-async';
import { createBridge, createNodeNamespace, deleteBridge, deleteNodeNamespace, hostRoutes } from './node-network';
import { redirectLoopbackDns } from './node-resolver';

/** From the top: clusters take theirs from the bottom. */
const candidates = [...subnets].reverse();
const chosen = chooseNetwork(candidates.map(nodeNetwork), routedNetworks(hostRoutes()), []);
const subnet = candidates.find((each) => nodeNetwork(each) === chosen) ?? 0;
const names = ['nv-spec-node-1', 'nv-spec-node-2'];

describe('the network of a cluster\'s nodes', () => {
  beforeAll(() => {
    createBridge(subnet, true);
    for (const [index, name] of names.entries()) createNodeNamespace(name, subnet, index, true);
  });
  afterAll(() => {
    for (const name of names) deleteNodeNamespace(name);
    deleteBridge(subnet);
    expect(succeeds('ip', ['link', 'show', bridgeName(subnet)])).toBe(false);
  });

  it('is made again without harm', () => {
    createBridge(subnet);
    createNodeNamespace(names[0] ?? '', subnet, 0, true);
    const links = run('ip', ['-n', names[0] ?? '', '-o', 'link']).trim().split('\n');
    expect(links).toHaveLength(2);
    expect(run('ip', ['-n', names[0] ?? '', '-4', '-o', 'address', 'show', 'dev', 'eth0']).trim().split('\n')).toHaveLength(1);
  });

  it('joins the nodes, and the host to them', async () => {
    for (const [from, to] of [[names[0], nodeAddress(subnet, 1)], [names[1], bridgeAddress(subnet)], [names[0], nodeAddress6(subnet, 1)], [names[1], bridgeAddress6(subnet)]] as const) {
      await runAsync('ip', ['netns', 'exec', from ?? '', 'sh', '-c', `/bin/busybox ping -c 1 -w 5 ${to}`]);
    }
    await runAsync('/bin/busybox', ['ping', '-c', '1', '-w', '5', nodeAddress(subnet, 0)]);
  });

  it('gives a node\'s processes its name as hostname, and leaves the host\'s', () => {
    const own = hostname();
    const { command, args } = commandLine({ name: 'x@node-1', node: 'node-1', netns: names[0] ?? '', command: 'sh', args: ['-c', 'uname -n && ip -o link show eth0 | wc -l && echo "$*"', 'x', 'a b', 'c'] });
    expect(run(command, args)).toBe('node-1\n1\na b c\n');
    expect(hostname()).toBe(own);
  });

  it('lets nodes ask the DNS on the host when they ask their loopback', async () => {
    const server = createSocket('udp4');
    await new Promise<void>((resolve) => server.bind(0, bridgeAddress(subnet), resolve));
    try {
      server.on('message', (question, { address, port }) => answer(server, `${question.toString()} from ${address}`, port, address));
      redirectLoopbackDns(names[0] ?? '', bridgeAddress(subnet), server.address().port);
      redirectLoopbackDns(names[0] ?? '', bridgeAddress(subnet), server.address().port);
      const ask = `const s=require('node:dgram').createSocket('udp4');s.on('message',(m)=>{console.log(String(m));s.close()});s.send('name',53,'127.0.0.53');setTimeout(()=>process.exit(1),5000).unref()`;
      expect(await runAsync('ip', ['netns', 'exec', names[0] ?? '', process.execPath, '-e', ask])).toBe(`name from ${nodeAddress(subnet, 0)}\n`);
    } finally {
      server.close();
    }
  });
});

function answer(server: Socket, text: string, port: number, address: string): void {
  server.send(text, port, address);
}
