import { proxyv1 } from '@navarch/proto';
import { eventually, LineProcess, NodeNetwork, type Place } from '@navarch/testing';
import { clients, contract, places, portsOf, worlds } from './testing/contract-worlds';
import { Plane } from './testing/plane';

/** Enough that two endpoints chosen at random are both met. */
const often = 16;
const served = /^(a|b|remote) /;
const network = new NodeNetwork(`npx${process.pid % 10_000}`);
const startOnNode = (args: readonly string[]): LineProcess => new LineProcess(network.node, args);

/** Rules that are not ours, as another program would have them. */
const foreign = (): string => network.run('iptables -t nat -S POSTROUTING | grep 192.0.2.99; ip6tables -t nat -S POSTROUTING | grep 2001:db8:9::99; nft list table ip somebody; nft list table ip6 somebody');
/** Everything in the node's namespace that a back end could leave. */
const leftovers = (): string => network.run('nft list tables; iptables-save; ip6tables-save; ip -o link show').split('\n').filter((line) => /navarch/i.test(line)).join('\n');

beforeAll(async () => {
  await network.start();
  network.run('echo 0 > /proc/sys/net/ipv4/conf/all/route_localnet');
  network.run('iptables -t nat -A POSTROUTING -d 192.0.2.99/32 -j ACCEPT; nft add table ip somebody; nft add chain ip somebody kept; ip6tables -t nat -A POSTROUTING -d 2001:db8:9::99/128 -j ACCEPT; nft add table ip6 somebody');
}, 60_000);
afterAll(() => network.stop());

/** ipvs is not in this suite, for want of a kernel to try its packets on; `ipvs/ipvs.root.spec.ts` looks at what it tells the kernel. */
const hasIpvs = (): boolean => {
  try {
    network.run('ipvsadm -L -n');
    return true;
  } catch {
    return false;
  }
};

const suites = (['IPv4', 'IPv6'] as const).flatMap((family) => contract.map(([mode, traits]) => [mode, family, traits] as const));
describe.each(suites)('the %s back end, %s', (mode, family, { keepsClients, outlivesProcess, refusesOtherPorts }) => {
  const world = worlds[family];
  const { endpoint, port, web, nodePort, balancer } = portsOf(world);
  const { clusterIp } = world;
  let plane: Plane;
  beforeAll(async () => {
    plane = new Plane(startOnNode, mode);
    await plane.sync({ reset: true, upsert: [port()] });
  });
  afterAll(() => plane.kill());

  it('balances a cluster IP over its endpoints, for pods and for the node', async () => {
    expect(places(await network.ask('node', web, often))).toEqual(new Set(['a', 'b']));
    expect(places(await network.ask('remote', web, often))).toEqual(new Set(['a', 'b']));
    if (keepsClients) expect(clients(await network.ask('remote', web, 2))).toEqual(new Set([world.addressOf('remote')]));
  });

  it('lets a pod reach itself through its Service', async () => {
    await plane.sync({ upsert: [port({ endpoints: [endpoint('a')] })] });
    expect(places(await network.ask('a', web, 2))).toEqual(new Set(['a']));
  });

  it('reaches endpoints of other nodes', async () => {
    await plane.sync({ upsert: [port({ endpoints: [endpoint('remote')], localEndpoints: [] })] });
    expect(places(await network.ask('a', web))).toEqual(new Set(['remote']));
    expect(places(await network.ask('outside', nodePort))).toEqual(new Set(['remote']));
  });

  it('serves node ports, external IPs and load balancer IPs to clients outside', async () => {
    await plane.sync({ upsert: [port()] });
    for (const target of [nodePort, { address: world.externalIp, port: 80 }, balancer]) expect(places(await network.ask('outside', target, often))).toEqual(new Set(['a', 'b']));
  });

  it('serves node ports to pods and to the node', async () => {
    expect(places(await network.ask('a', nodePort, often))).toEqual(new Set(['a', 'b']));
    expect(places(await network.ask('node', nodePort, often))).toEqual(new Set(['a', 'b']));
  });

  it('lets only the given sources in to a load balancer IP', async () => {
    await plane.sync({ upsert: [port({ loadBalancerSourceRanges: world.sources })] });
    expect((await network.ask('outside', balancer))[0]).toMatch(served);
    expect((await network.ask('stranger', balancer))[0]).not.toMatch(served);
    expect((await network.ask('stranger', nodePort))[0]).toMatch(served);
  });

  if (family === 'IPv4') it('lets a node that has the address of a load balancer itself ask it from there, where that may come in', async () => {
    // Without rules in the kernel it is on an interface anyway.
    if (outlivesProcess) network.run(`ip route add local ${world.balancerIp} dev lo`);
    try {
      await plane.sync({ upsert: [port({ loadBalancerSourceRanges: world.sources })] });
      expect((await network.ask('node', balancer))[0]).not.toMatch(served);
      for (const externalLocal of [false, true]) {
        await plane.sync({ upsert: [port({ loadBalancerSourceRanges: [...world.sources, `${world.balancerIp}/32`], externalLocal })] });
        expect((await network.ask('node', balancer))[0]).toMatch(served);
      }
    } finally {
      if (outlivesProcess) network.run(`ip route delete local ${world.balancerIp} dev lo`);
    }
  });

  it('keeps a client at its endpoint with session affinity, until that is gone', async () => {
    await plane.sync({ upsert: [port({ affinitySeconds: 60 })] });
    const [first = ''] = places(await network.ask('remote', web));
    expect(places(await network.ask('remote', web, often))).toEqual(new Set([first]));
    const survivor: Place = first === 'a' ? 'b' : 'a';
    await plane.sync({ upsert: [port({ affinitySeconds: 60, endpoints: [endpoint(survivor)] })] });
    expect(places(await network.ask('remote', web, 2))).toEqual(new Set([survivor]));
  });

  it('keeps a client at its endpoint with session affinity, whoever else comes and goes', async () => {
    const all: Place[] = ['a', 'b', 'remote'];
    const among = (...some: Place[]): Promise<unknown> => plane.sync({ upsert: [port({ affinitySeconds: 600, endpoints: some.map(endpoint) })] });
    await plane.sync({ remove: [port().id] });
    await among(...all);
    const met = async (): Promise<string[]> => (await Promise.all((['a', 'b', 'node'] as const).map(async (from) => [...places(await network.ask(from, web))]))).flat();
    const first = await met();
    for (const gone of all) {
      const others = all.filter((place) => place !== gone);
      const staying = first.map((place) => (place === gone ? expect.stringMatching(new RegExp(others.join('|'))) as string : place));
      await among(...others);
      expect(await met()).toEqual(staying);
      await among(...all);
      expect(await met()).toEqual(staying);
      await plane.sync({ remove: [port().id] });
      await among(...all);
      first.splice(0, first.length, ...(await met()));
    }
  });

  it('forgets a client that has not come for as long as its affinity lasts', async () => {
    await plane.sync({ upsert: [port({ affinitySeconds: 1 })] });
    const met = (): Promise<string[]> => Promise.all((['remote', 'a', 'b', 'node'] as const).map(async (from) => [...places(await network.ask(from, web))].join()));
    const first = await met();
    // Each try renews what is remembered, so that they stand further apart than that lasts; by chance all of them may meet the same endpoints.
    await eventually(async () => (await met()).some((now, index) => now !== first[index]), { timeoutMs: 60_000, intervalMs: 1_500 });
  }, 90_000);

  it('keeps traffic on the node with the internal policy Local, and is silent without an endpoint there', async () => {
    await plane.sync({ upsert: [port({ internalLocal: true, endpoints: [endpoint('a'), endpoint('remote')], localEndpoints: [endpoint('a')] })] });
    expect(places(await network.ask('b', web, often))).toEqual(new Set(['a']));
    await plane.sync({ upsert: [port({ internalLocal: true, endpoints: [endpoint('remote')], localEndpoints: [] })] });
    expect((await network.ask('b', web))[0]).not.toMatch(served);
  });

  it('serves clients outside from this node only, as who they are, with the external policy Local; pods from everywhere', async () => {
    await plane.sync({ upsert: [port({ externalLocal: true, endpoints: [endpoint('a'), endpoint('remote')], localEndpoints: [endpoint('a')] })] });
    for (const target of [nodePort, balancer]) {
      const answers = await network.ask('outside', target, often);
      expect(places(answers)).toEqual(new Set(['a']));
      if (keepsClients) expect(clients(answers)).toEqual(new Set([world.addressOf('outside')]));
      expect(places(await network.ask('b', target, often))).toEqual(new Set(['a', 'remote']));
      expect(places(await network.ask('node', target, often))).toEqual(new Set(['a', 'remote']));
    }
    await plane.sync({ upsert: [port({ externalLocal: true, endpoints: [endpoint('remote')], localEndpoints: [] })] });
    expect((await network.ask('outside', nodePort))[0]).not.toMatch(served);
    expect((await network.ask('b', nodePort))[0]).toMatch(/^remote /);
  });

  it('refuses at once when there is no endpoint', async () => {
    await plane.sync({ upsert: [port({ endpoints: [], localEndpoints: [] })] });
    for (const [from, target] of [['node', web], ['a', web], ['node', nodePort], ['outside', nodePort], ['outside', balancer]] as const) expect(await network.ask(from, target)).toEqual(['ECONNREFUSED']);
  });

  if (mode === 'iptables') it('reaches endpoints of other nodes where the host forwards nothing by default', async () => {
    const program = family === 'IPv4' ? 'iptables' : 'ip6tables';
    await plane.sync({ upsert: [port({ endpoints: [endpoint('remote')], localEndpoints: [] })] });
    network.run(`${program} -P FORWARD DROP`);
    try {
      expect(places(await network.ask('outside', nodePort, 2))).toEqual(new Set(['remote']));
      expect((await network.ask('outside', { address: world.addressOf('remote'), port: 8080 }))[0]).not.toMatch(served);
    } finally {
      network.run(`${program} -P FORWARD ACCEPT`);
    }
  });

  it('refuses no port that the Service has, and where it knows of others those too', async () => {
    await plane.sync({ upsert: [port()] });
    for (const from of ['a', 'remote', 'node'] as const) {
      expect((await network.ask(from, web))[0]).toMatch(served);
      if (refusesOtherPorts) expect(await network.ask(from, { ...web, port: 81 })).toEqual(['ECONNREFUSED']);
    }
  });

  if (mode === 'nftables') it('lets nothing out to an address that Services could have and none has', async () => {
    // Somebody elsewhere has it.
    const [ip, free, via] = family === 'IPv4' ? ['ip -4', '10.96.0.99', world.addressOf('outside')] : ['ip -6', 'fd00:10:96::99', world.addressOf('outside')];
    network.inside(network.netns('outside'), `${ip} address add ${free} dev lo`);
    network.run(`${ip} route add ${free} via ${via}`);
    try {
      for (const from of ['a', 'node'] as const) expect(await network.ask(from, { address: free, port: 8080 })).toEqual(['silent']);
      expect((await network.ask('a', web))[0]).toMatch(served);
    } finally {
      network.run(`${ip} route delete ${free} via ${via}`);
    }
  });

  it('carries UDP, and moves a client whose endpoint is gone although it never pauses', async () => {
    const dns = (place: Place): proxyv1.ServicePort => port({ id: `default/dns:${world.suffix}`, protocol: proxyv1.Protocol.UDP, addresses: [world.dnsIp], port: 53, nodePort: 30053, endpoints: [endpoint(place)], localEndpoints: [endpoint(place)] });
    const asked = { address: world.dnsIp, port: 53, protocol: 'udp', localPort: 40_000 } as const;
    const onNode = { ...asked, address: world.nodeAddress, port: 30053, localPort: 40_001 } as const;
    await plane.sync({ upsert: [dns('a')] });
    expect(places(await network.ask('remote', asked, 2))).toEqual(new Set(['a']));
    expect(places(await network.ask('outside', onNode, 2))).toEqual(new Set(['a']));
    await plane.sync({ upsert: [dns('b')] });
    expect(places(await network.ask('remote', asked))).toEqual(new Set(['b']));
    expect(places(await network.ask('outside', onNode))).toEqual(new Set(['b']));
    await plane.sync({ remove: [`default/dns:${world.suffix}`] });
    expect((await network.ask('node', asked))[0]).not.toMatch(served);
  });

  it('knows when somebody has flushed its rules, and puts them back', async () => {
    await plane.sync({ upsert: [port()] });
    const [nft, program, digit] = family === 'IPv4' ? ['ip', 'iptables', ''] : ['ip6', 'ip6tables', '6'];
    const flushes: Readonly<Record<string, readonly string[]>> = {
      nftables: [`nft delete table ${nft} navarch-proxy`], iptables: [`${program} -t nat -F PREROUTING`],
      userspace: [`nft delete table ${nft} navarch-proxy-user`, `ip link delete navarch-user${digit}`, `ip address delete ${clusterIp} dev navarch-user${digit} 2>/dev/null`],
    };
    for (const flush of flushes[mode] ?? []) {
      expect(await plane.isThere()).toBe(true);
      network.run(flush);
      expect(await plane.isThere()).toBe(false);
      await plane.sync({ reset: true, upsert: [port()] });
      expect([await plane.isThere(), served.test((await network.ask('a', web))[0] ?? '')]).toEqual([true, true]);
    }
  });

  if (mode === 'iptables' && family === 'IPv4') it('serves node ports on loopback addresses, where nobody else reaches who listens there', async () => {
    const onLoopback = (port: number): { address: string; port: number } => ({ address: '127.0.0.1', port });
    await plane.sync({ upsert: [port()] });
    expect(places(await network.ask('node', onLoopback(30_080), often))).toEqual(new Set(['a', 'b']));
    await plane.sync({ upsert: [port({ externalLocal: true, endpoints: [endpoint('remote')], localEndpoints: [] })] });
    expect(places(await network.ask('node', onLoopback(30_080)))).toEqual(new Set(['remote']));
    // A neighbour that sends loopback addresses out.
    network.inside(network.netns('stranger'), `echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet; ip address delete 127.0.0.1/8 dev lo; ip route add 127.0.0.1/32 via 203.0.113.1`);
    try {
      expect(await network.ask('stranger', onLoopback(8080))).toEqual(['silent']);
    } finally {
      network.inside(network.netns('stranger'), 'ip route delete 127.0.0.1/32 via 203.0.113.1; ip address add 127.0.0.1/8 dev lo');
    }
  });

  it('is killed and takes over what it left', async () => {
    await plane.sync({ upsert: [port()] });
    await plane.kill();
    if (outlivesProcess) expect(places(await network.ask('a', web, often))).toEqual(new Set(['a', 'b']));
    await plane.restart();
    await plane.sync({ reset: true, upsert: [port({ port: 81 })] });
    expect(places(await network.ask('a', { address: clusterIp, port: 81 }, often))).toEqual(new Set(['a', 'b']));
    expect((await network.ask('a', web))[0]).not.toMatch(served);
  });

  it('serves node ports on the given addresses only', async () => {
    await plane.kill();
    plane = new Plane(startOnNode, mode, [world.podRange]);
    await plane.sync({ reset: true, upsert: [port()] });
    expect((await network.ask('a', { address: world.podGateway, port: 30080 }))[0]).toMatch(served);
    expect((await network.ask('outside', nodePort))[0]).not.toMatch(served);
  });
});

describe('a Service of both families', () => {
  it.each(contract.map(([mode]) => mode))('is served in both by %s, and taken away one by one', async (mode) => {
    const [v4, v6] = [portsOf(worlds.IPv4), portsOf(worlds.IPv6)];
    const plane = new Plane(startOnNode, mode);
    await plane.sync({ reset: true, upsert: [v4.port(), v6.port()] });
    const asked = async (): Promise<boolean[]> => [v4.web, v4.nodePort, v6.web, v6.nodePort].reduce<Promise<boolean[]>>(async (found, target) => [...(await found), served.test((await network.ask('a', target))[0] ?? '')], Promise.resolve([]));
    expect(await asked()).toEqual([true, true, true, true]);
    await plane.sync({ remove: [v4.port().id] });
    expect(await asked()).toEqual([false, false, true, true]);
    await plane.restart();
    await plane.sync({ reset: true, upsert: [v4.port()] });
    expect(await asked()).toEqual([true, true, false, false]);
    await plane.kill();
  });
});

describe('back ends in turn', () => {
  const { port, web } = portsOf(worlds.IPv4);
  const v6 = portsOf(worlds.IPv6);
  it('leave nothing of each other, and touch nothing that is not ours', async () => {
    const before = foreign();
    const marks: Record<string, RegExp> = { nftables: /table ip6 navarch-proxy$/m, iptables: /NAVARCH-SERVICES/, userspace: /navarch-user6/ };
    for (const mode of ['iptables', 'userspace', 'nftables'] as const) {
      const plane = new Plane(startOnNode, mode);
      await plane.sync({ reset: true, upsert: [port(), v6.port()] });
      expect((await network.ask('a', web))[0]).toMatch(served);
      expect((await network.ask('a', v6.web))[0]).toMatch(served);
      await plane.kill();
      const left = leftovers();
      for (const [other, mark] of Object.entries(marks)) expect([other, mark.test(left)]).toEqual([other, other === mode]);
      // What iptables asks of the kernel for node ports on loopback addresses.
      expect(network.run('cat /proc/sys/net/ipv4/conf/all/route_localnet').trim()).toBe(mode === 'iptables' ? '1' : '0');
    }
    expect(foreign()).toBe(before);
  });

  it('say so where the kernel has no ipvs', async () => {
    const plane = new Plane(startOnNode, 'ipvs');
    if (hasIpvs()) await plane.sync({ reset: true, upsert: [port()] });
    else await expect(plane.sync({ reset: true, upsert: [port()] })).rejects.toThrow('/proc/sys/net/ipv4/vs');
    await plane.kill();
  });
});
