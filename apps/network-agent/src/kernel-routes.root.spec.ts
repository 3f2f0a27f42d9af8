import { execFileSync, spawnSync } from 'node:child_process';
import { kernelRoutes } from './kernel-routes';

/** A node and a host on one network, each a network namespace. */
describe('routes in the kernel', () => {
  const [node, host] = ['n', 'h'].map((name) => `kr${process.pid % 10_000}-${name}`) as [string, string];
  const inside = (netns: string, ...command: string[]): string => execFileSync('ip', ['netns', 'exec', netns, ...command], { encoding: 'utf8' });
  const routesOf = (netns: string): ReturnType<typeof kernelRoutes> =>
    kernelRoutes((command, args, input) =>
      Promise.resolve(execFileSync('ip', ['netns', 'exec', netns, command, ...args], { encoding: 'utf8', ...(input === undefined ? {} : { input }) })),
    );
  const answers = (address: string): boolean => spawnSync('ip', ['netns', 'exec', host, '/bin/busybox', 'ping', '-c', '1', '-W', '1', address]).status === 0;
  const everything = (): true => true;
  const range = '10.248.1.64/26';

  beforeAll(() => {
    for (const netns of [node, host]) execFileSync('ip', ['netns', 'add', netns]);
    inside(node, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host);
    for (const [netns, address, six] of [[node, '10.248.1.11/24', 'fd00:10:248::11/64'], [host, '10.248.1.1/24', 'fd00:10:248::1/64']] as const) {
      inside(netns, 'ip', 'address', 'add', address, 'dev', 'eth0');
      inside(netns, 'ip', 'address', 'add', six, 'dev', 'eth0', 'nodad');
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

  it('let it do so in IPv6, too, where it forwards', async () => {
    inside(node, 'sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=1');
    const route = { destination: 'fd00:10:248::1:0/122', via: undefined };
    const asked = (): boolean[] => ['fd00:10:248::1:1', 'fd00:10:248::1:3e', 'fd00:10:248::1:40'].map(answers);
    await routesOf(node).carryOut({ kind: 'replace', route });
    await routesOf(node).carryOut({ kind: 'replace', route });
    expect([await routesOf(node).read(everything), asked()]).toEqual([[route], [true, true, false]]);
    // Somebody takes an answer away, or the device answers for nobody any more, as one that came anew: that shows, and the route puts it right.
    for (const lost of [['ip', '-6', 'neigh', 'del', 'proxy', 'fd00:10:248::1:3e', 'dev', 'eth0'], ['sysctl', '-q', '-w', 'net.ipv6.conf.eth0.proxy_ndp=0']]) {
      inside(node, ...lost);
      expect(await routesOf(node).read(everything)).toEqual([{ ...route, unanswered: true }]);
      await routesOf(node).carryOut({ kind: 'replace', route });
      expect(await routesOf(node).read(everything)).toEqual([route]);
    }
    inside(host, 'ip', '-6', 'neigh', 'flush', 'all');
    expect(asked()).toEqual([true, true, false]);
    await routesOf(node).carryOut({ kind: 'delete', route });
    inside(host, 'ip', '-6', 'neigh', 'flush', 'all');
    expect([await routesOf(node).read(everything), asked()]).toEqual([[], [false, false, false]]);
    // A range that is on no network of the node's leads to it all the same, where somebody has a route.
    const elsewhere = { destination: 'fd00:10:249::/112', via: undefined };
    await routesOf(node).carryOut({ kind: 'replace', route: elsewhere });
    inside(host, 'ip', '-6', 'route', 'add', elsewhere.destination, 'via', 'fd00:10:248::11');
    expect(answers('fd00:10:249::7')).toBe(true);
    await routesOf(node).carryOut({ kind: 'delete', route: elsewhere });
  });

  it('are told from those of others', async () => {
    inside(host, 'ip', 'route', 'add', '10.244.9.0/24', 'via', '10.248.1.11');
    expect(await routesOf(host).read(everything)).toEqual([]);
  });
});
