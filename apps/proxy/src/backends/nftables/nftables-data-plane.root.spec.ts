import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { proxyv1 } from '@navarch/proto';
import { NftablesPlan } from './nftables-plan';

const id = process.pid % 10_000;
const node = `nvt${id}n`;
const pods = [`nvt${id}a`, `nvt${id}b`];
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inside = (netns: string, command: string): string => execFileSync('ip', ['netns', 'exec', netns, 'sh', '-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const servers: ChildProcess[] = [];

const port = (over: Partial<proxyv1.ServicePort>): proxyv1.ServicePort => ({
  id: 'default/web:', protocol: proxyv1.Protocol.TCP, addresses: ['10.96.0.7'], port: 80, nodePort: 30080,
  endpoints: [{ address: '10.244.0.2', port: 8080 }, { address: '10.244.0.3', port: 8080 }], localEndpoints: [{ address: '10.244.0.2', port: 8080 }, { address: '10.244.0.3', port: 8080 }],
  internalLocal: false, externalLocal: false, affinitySeconds: 0, ...over,
});

/** A node with a bridge and two pods that answer with their name. */
beforeAll(async () => {
  ip('netns', 'add', node);
  inside(node, 'ip link set lo up; ip link add br0 type bridge; ip addr add 10.244.0.1/24 dev br0; ip link set br0 up; ip addr add 172.31.0.1/32 dev lo; ip route add default dev br0; sysctl -qw net.ipv4.ip_forward=1');
  for (const [index, pod] of pods.entries()) {
    ip('netns', 'add', pod);
    ip('link', 'add', `v${index}`, 'netns', node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod);
    inside(node, `ip link set v${index} master br0 up; bridge link set dev v${index} hairpin on`);
    inside(pod, `ip link set lo up; ip addr add 10.244.0.${index + 2}/24 dev eth0; ip link set eth0 up; ip route add default via 10.244.0.1`);
    const server = spawn('ip', ['netns', 'exec', pod, process.execPath, '-e', `require('net').createServer(s=>s.end(${JSON.stringify(`${pod} `)}+s.remoteAddress)).listen(8080,'0.0.0.0',()=>console.log('up'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
    servers.push(server);
    await once(server.stdout as NodeJS.ReadableStream, 'data');
  }
}, 30_000);

afterAll(async () => {
  for (const server of servers) {
    server.kill('SIGKILL');
    if (server.exitCode === null) await once(server, 'exit');
  }
  for (const netns of [node, ...pods]) ip('netns', 'delete', netns);
});

const plan = new NftablesPlan('10.244.0.0/16');
/** Puts a request in force in the node's namespace. */
function apply(request: Partial<proxyv1.SyncRequest>): void {
  const { script, commit } = plan.plan({ sequence: 1n, reset: false, upsert: [], remove: [], ...request });
  execFileSync('ip', ['netns', 'exec', node, 'nft', '-f', '-'], { input: script });
  commit();
}
const client = (address: string, portNumber: number): string =>
  `${process.execPath} -e "require('net').connect(${portNumber},'${address}').on('error',e=>console.log(e.code)).on('data',d=>process.stdout.write(d))"`;
const ask = (netns: string, address: string, portNumber: number, times = 1): string[] => Array.from({ length: times }, () => inside(netns, client(address, portNumber)).trim());
const names = (answers: string[]): Set<string> => new Set(answers.map((answer) => answer.split(' ')[0] as string));

describe('nftables in the kernel', () => {
  it('balances a cluster IP over its endpoints, from pods and from the node', () => {
    apply({ reset: true, upsert: [port({})] });
    expect(names(ask(node, '10.96.0.7', 80, 16))).toEqual(new Set(pods));
    expect(names(ask(pods[0] as string, '10.96.0.7', 80, 16))).toEqual(new Set(pods));
  });

  it('lets a pod reach itself through its service', () => {
    apply({ upsert: [port({ endpoints: [{ address: '10.244.0.2', port: 8080 }] })] });
    expect(names(ask(pods[0] as string, '10.96.0.7', 80, 2))).toEqual(new Set([pods[0]]));
  });

  it('serves a node port on the node\'s addresses', () => {
    apply({ upsert: [port({})] });
    expect(names(ask(node, '172.31.0.1', 30080, 16))).toEqual(new Set(pods));
    expect(names(ask(pods[1] as string, '10.244.0.1', 30080, 16))).toEqual(new Set(pods));
  });

  it('keeps a client at its endpoint with session affinity', () => {
    apply({ upsert: [port({ affinitySeconds: 60 })] });
    const first = ask(pods[0] as string, '10.96.0.7', 80)[0]?.split(' ')[0];
    expect(names(ask(pods[0] as string, '10.96.0.7', 80, 8))).toEqual(new Set([first]));
    const survivor = first === pods[0] ? { address: '10.244.0.3', port: 8080 } : { address: '10.244.0.2', port: 8080 };
    apply({ upsert: [port({ affinitySeconds: 60, endpoints: [survivor] })] });
    expect(names(ask(pods[0] as string, '10.96.0.7', 80, 2))).toEqual(new Set(pods.filter((pod) => pod !== first)));
  });

  it('refuses at once when there is no endpoint', () => {
    apply({ upsert: [port({ endpoints: [], localEndpoints: [] })] });
    expect(ask(node, '10.96.0.7', 80)).toEqual(['ECONNREFUSED']);
    expect(ask(pods[0] as string, '10.96.0.7', 80)).toEqual(['ECONNREFUSED']);
    expect(ask(node, '172.31.0.1', 30080)).toEqual(['ECONNREFUSED']);
  });

  it('starts over from whatever an earlier run left', () => {
    apply({ reset: true, upsert: [port({ port: 81 })] });
    expect(names(ask(node, '10.96.0.7', 81, 16))).toEqual(new Set(pods));
  });
});
