import { execFileSync } from 'node:child_process';
import type { IpFamily } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { proxyv1 } from '@navarch/proto';
import { eventually } from '@navarch/testing';
import type { DataPlane } from '../data-plane';
import type { RunCommand } from '../run-command';
import { IpvsadmDouble } from '../testing/ipvsadm-double';
import { ipvs } from './ipvs-data-plane';
import { defaultIpvsOptions, type IpvsOptions } from './ipvs-options';

/** Interfaces, addresses and nftables are the kernel's own; ipvsadm is a double, for kernels that have no ip_vs. */
const netns = `npi${process.pid % 10_000}`;
const inside = (script: string): string => execFileSync('ip', ['netns', 'exec', netns, 'sh', '-ec', script], { encoding: 'utf8' });
const worlds = {
  IPv4: { id: '', service: '10.96.0.7', node: '172.31.0.1', pods: ['10.244.0.2', '10.244.0.3', '10.244.0.4'], range: '10.244.0.0/16', foreign: '-t 203.0.113.1:443', at: (address: string, port: number) => `${address}:${port}` },
  IPv6: { id: '/IPv6', service: 'fd00:10:96::7', node: 'fd00:172:31::1', pods: ['fd00:10:244::2', 'fd00:10:244::3', 'fd00:10:244::4'], range: 'fd00:10:244::/48', foreign: '-t [2001:db8::1]:443', at: (address: string, port: number) => `[${address}]:${port}` },
};

beforeAll(() => {
  execFileSync('ip', ['netns', 'add', netns]);
  inside(`ip link set lo up; ip link add eth0 type bridge; ip link set eth0 up; ip addr add ${worlds.IPv4.node}/24 dev eth0; ip addr add ${worlds.IPv6.node}/64 dev eth0 nodad`);
});
afterAll(() => execFileSync('ip', ['netns', 'delete', netns]));

describe.each<IpFamily>(['IPv4', 'IPv6'])('the ipvs back end, %s', (family) => {
  const { id, service, node, pods, range, foreign, at } = worlds[family];
  const [a = '', b = '', c = ''] = pods;
  const table = new IpvsadmDouble();
  const settings: string[] = [];
  /** Of ipvsadm, the next ones. */
  const failures: Error[] = [];
  const warnings: string[] = [];
  const run: RunCommand = (command, args, input) => {
    const failure = command === 'ipvsadm' ? failures.shift() : undefined;
    if (failure !== undefined) return Promise.reject(failure);
    if (command === 'ipvsadm') return Promise.resolve().then(() => table.run(args, input));
    if (command === 'sh') {
      settings.push(...args);
      return Promise.resolve('');
    }
    return Promise.resolve(execFileSync('ip', ['netns', 'exec', netns, command, ...args], { encoding: 'utf8', ...(input === undefined ? {} : { input }) }));
  };
  const port = (endpoints: string[], over: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort => {
    const found = endpoints.map((address) => ({ address, port: 8080 }));
    return proxyv1.ServicePort.fromPartial({ id: `default/web:${id}`, protocol: proxyv1.Protocol.TCP, addresses: [service], port: 80, nodePort: 30080, endpoints: found, localEndpoints: found, ...over });
  };
  const clock = new FakeClock();
  const create = (options: Partial<IpvsOptions> = {}): DataPlane =>
    ipvs.create({
      family,
      clusterCidrs: [range],
      nodePortAddresses: undefined,
      run,
      clock,
      log: { warn: ((_fields: object, message: string) => warnings.push(message)) as never },
      ipvs: { ...defaultIpvsOptions, ...options },
    });
  const sync = (plane: DataPlane, over: Partial<proxyv1.SyncRequest>): Promise<void> => plane.sync({ sequence: 1n, reset: false, upsert: [], remove: [], ...over });
  const clusterServer = `-t ${at(service, 80)}`;
  const nodeServer = `-t ${at(node, 30_080)}`;
  const suffix = family === 'IPv6' ? '6' : '';

  it('puts services on the node and endpoints behind them, and follows changes', async () => {
    table.run(['-A', ...foreign.split(' '), '-s', 'wrr']);
    const plane = create();
    await sync(plane, { reset: true, upsert: [port([a, b])] });
    expect(settings.join()).toContain('conntrack');
    const servers = (name: string, ...addresses: string[]): string[] => [`${name} rr`, ...addresses.map((address) => `${name} > ${at(address, 8080)}`)];
    expect(table.listed.sort()).toEqual([`${foreign} wrr`, ...servers(clusterServer, a, b), ...servers(nodeServer, a, b)].sort());
    expect(inside(`ip addr show dev navarch-ipvs${suffix}`)).toContain(`${service}/`);
    await sync(plane, { upsert: [port([b, c], { affinitySeconds: 60 })] });
    expect(table.listed).toEqual(expect.arrayContaining([`${clusterServer} rr 60`, `${clusterServer} > ${at(b, 8080)}`, `${clusterServer} > ${at(c, 8080)}`]));
    expect(table.listed).not.toContain(`${clusterServer} > ${at(a, 8080)}`);
    await sync(plane, { upsert: [port([])] });
    expect(table.listed).toEqual([`${foreign} wrr`]);
  });

  it('lets connections of an endpoint that is gone end, and looks every minute whether they have', async () => {
    const plane = create();
    await sync(plane, { reset: true, upsert: [port([a, b], { nodePort: 0 })] });
    const real = (address: string): string => `${clusterServer} > ${at(address, 8080)}`;
    const behind = (): string[] => table.listed.filter((line) => line.startsWith(clusterServer)).slice(1);
    table.connections.set(real(a), 2);
    await sync(plane, { upsert: [port([c], { nodePort: 0 })] });
    // Nobody was connected to the second.
    expect(behind()).toEqual([`${real(a)} (0)`, real(c)]);
    await sync(plane, { upsert: [port([], { nodePort: 0 })] });
    expect(behind()).toEqual([`${real(a)} (0)`]);
    await clock.advance(60_000);
    expect(behind()).toEqual([`${real(a)} (0)`]);
    // A look that fails is not the last one.
    failures.push(new Error('no memory'));
    await clock.advance(60_000);
    expect(warnings).toEqual(['real servers without connections could not be removed; it is tried again in a minute']);
    expect(clock.pendingTimers).toBe(1);
    // Back again, as a pod that is ready once more.
    await sync(plane, { upsert: [port([a], { nodePort: 0 })] });
    expect(behind()).toEqual([real(a)]);
    // A run that knows nothing of what this one did goes on.
    await sync(plane, { upsert: [port([b], { nodePort: 0 })] });
    await plane.close?.();
    const next = create();
    await sync(next, { reset: true, upsert: [port([b], { nodePort: 0 })] });
    expect(behind()).toEqual([`${real(a)} (0)`, real(b)]);
    table.connections.clear();
    await clock.advance(60_000);
    // What it does is done by programs.
    await eventually(() => behind().length === 1);
    expect(behind()).toEqual([real(b)]);
    table.connections.set(real(b), 1);
    await sync(next, { remove: [port([]).id] });
    expect(table.listed).toEqual([`${foreign} wrr`]);
    table.connections.clear();
    await next.close?.();
  });

  it('knows when somebody has flushed what is its own, and puts that back', async () => {
    const plane = create();
    await sync(plane, { reset: true, upsert: [port([a])] });
    const { nft, flag } = family === 'IPv6' ? { nft: 'ip6', flag: '-6' } : { nft: 'ip', flag: '-4' };
    const whole = table.listed;
    for (const flush of [
      () => inside(`nft delete table ${nft} navarch-proxy-ipvs-nat`),
      () => inside(`nft delete table ${nft} navarch-proxy-ipvs`),
      () => inside(`ip ${flag} address flush dev navarch-ipvs${suffix}`),
      () => table.run(['-D', ...clusterServer.split(' ')]),
    ]) {
      expect(await plane.isThere?.()).toBe(true);
      flush();
      expect(await plane.isThere?.()).toBe(false);
      await sync(plane, { reset: true, upsert: [port([a])] });
      expect([...table.listed].sort()).toEqual([...whole].sort());
    }
    expect(await plane.isThere?.()).toBe(true);
    await plane.close?.();
  });

  it('takes over what a killed run left, as it is told to choose now, and goes without a trace', async () => {
    await sync(create(), { reset: true, upsert: [port([a])] });
    await sync(create({ scheduler: 'sh', strictArp: true, tcpTimeoutMs: 900_000, udpTimeoutMs: 30_000 }), { reset: true, upsert: [port([b], { port: 81 })] });
    expect(table.listed.sort()).toEqual([`${foreign} wrr`, ...[`-t ${at(service, 81)}`, nodeServer].flatMap((name) => [`${name} sh`, `${name} > ${at(b, 8080)}`])].sort());
    expect(table.timeouts).toEqual(['900', '0', '30']);
    expect(settings.at(-1)).toContain('echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce');
    await ipvs.cleanUp(run, family);
    expect(table.listed).toEqual([`${foreign} wrr`]);
    expect(inside('nft list tables; ip -o link show')).not.toMatch(/navarch/);
  });
});
