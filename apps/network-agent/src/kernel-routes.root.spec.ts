import { execFileSync, spawnSync } from 'node:child_process';
import { kernelRoutes } from './kernel-routes';

/** A node and a host on one network, each a network namespace. */
describe('routes in the kernel', () => {
  const [node, host] = ['n', 'h'].map((name) => `kr${process.pid % 10_000}-${name}`) as [string, string];
  const inside = (netns: string, ...command: string[]): string => execFileSync('ip', ['netns', 'exec', netns, ...command], { encoding: 'utf8' });
  const routesOf = (netns: string): ReturnType<typeof kernelRoutes> => kernelRoutes((command, args) => Promise.resolve(inside(netns, command, ...args)));
  const answers = (address: string): boolean => spawnSync('ip', ['netns', 'exec', host, '/bin/busybox', 'ping', '-c', '1', '-W', '1', address]).status === 0;
  const everything = (): true => true;
  const range = '10.248.1.64/26';

  beforeAll(() => {
    for (const netns of [node, host]) execFileSync('ip', ['netns', 'add', netns]);
    inside(node, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host);
    for (const [netns, address] of [[node, '10.248.1.11/24'], [host, '10.248.1.1/24']] as const) {
      inside(netns, 'ip', 'address', 'add', address, 'dev', 'eth0');
      for (const link of ['lo', 'eth0']) inside(netns, 'ip', 'link', 'set', link, 'up');
    }
  });
  afterAll(() => {
    for (const netns of [node, host]) execFileSync('ip', ['netns', 'del', netns]);
  });

  it('lead to pods by way of their node, and are read as they were written', async () => {
    const route = { destination: '10.244.1.0/24', via: '10.248.1.11' };
    await routesOf(host).carryOut({ kind: 'replace', route });
    expect(await routesOf(host).read(everything)).toEqual([route]);
    await routesOf(host).carryOut({ kind: 'delete', route });
    expect(await routesOf(host).read(everything)).toEqual([]);
  });

  it('let a node answer for load balancers on its own network, as long as it shall', async () => {
    const route = { destination: range, via: undefined };
    expect(answers('10.248.1.70')).toBe(false);
    await routesOf(node).carryOut({ kind: 'replace', route });
    expect(await routesOf(node).read(everything)).toEqual([route]);
    expect([answers('10.248.1.70'), answers('10.248.1.127'), answers('10.248.1.128')]).toEqual([true, true, false]);
    await routesOf(node).carryOut({ kind: 'delete', route });
    expect(await routesOf(node).read(everything)).toEqual([]);
    expect(answers('10.248.1.70')).toBe(false);
  });

  it('are told from those of others', async () => {
    inside(host, 'ip', 'route', 'add', '10.244.9.0/24', 'via', '10.248.1.11');
    expect(await routesOf(host).read(everything)).toEqual([]);
  });
});
