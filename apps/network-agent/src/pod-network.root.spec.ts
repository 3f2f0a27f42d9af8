import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cniConfig } from './cni-config';
import { addressesOf, inside, runPlugins, type NetworkConfig, type PluginResult, type RuntimeConfig } from './testing/cni-runtime';

const id = process.pid % 10_000;
const node = `npn${id}-n`;
const outside = `npn${id}-o`;
const pods = ['a', 'b'].map((name) => `npn${id}-${name}`);
const dataDir = mkdtempSync(join(tmpdir(), 'pod-network-'));
const config = cniConfig({ podRanges: ['10.249.7.0/24', 'fd00:10:249:7::/64'], dataDir, mtu: 1400 }) as NetworkConfig;

const plugins = (command: 'ADD' | 'DEL', pod: string, runtime: RuntimeConfig, earlier?: PluginResult): PluginResult => runPlugins(node, config, command, pod, runtime, earlier);
/** Answers the bytes that came, and how fast, as bits per second. */
function received(from: string, address: string, port: number): { bytes: number; bitsPerSecond: number } {
  const script = `const s=require('net').connect(${port},'${address}');let n=0,t=0;s.on('error',(e)=>{console.log(JSON.stringify({bytes:0,bitsPerSecond:0,error:e.code}));process.exit()});s.on('data',(d)=>{t||=performance.now();n+=d.length});s.on('end',()=>{console.log(JSON.stringify({bytes:n,bitsPerSecond:n*8000/(performance.now()-t)}))})`;
  return JSON.parse(execFileSync('ip', ['netns', 'exec', from, process.execPath, '-e', script], { encoding: 'utf8' })) as { bytes: number; bitsPerSecond: number };
}
/** Serves so many bytes to everyone, until it is killed. */
function serve(netns: string, bytes: number): () => void {
  const script = `require('net').createServer((s)=>{s.on('error',()=>0);s.end(Buffer.alloc(${bytes}))}).listen(8080,'::',()=>require('fs').writeFileSync('${join(dataDir, `${netns}.up`)}',''))`;
  inside(netns, `rm -f ${join(dataDir, `${netns}.up`)}; ${process.execPath} -e "${script}" >/dev/null 2>&1 & echo $! > ${join(dataDir, `${netns}.pid`)}; until [ -e ${join(dataDir, `${netns}.up`)} ]; do sleep 0.05; done`);
  return () => inside(netns, `kill $(cat ${join(dataDir, `${netns}.pid`)})`);
}

/** What pods could leave on a node. */
const traces = (): string =>
  inside(
    node,
    'ip -o link show | grep -v cni0 | cut -d: -f2 | cut -d@ -f1; nft list ruleset | grep -c dnat || true; iptables-save | grep -c "CNI-DN-" || true; ip6tables-save | grep -c "CNI-DN-" || true; tc qdisc show | grep -c tbf || true',
  ) +
  (existsSync(join(dataDir, 'navarch'))
    ? readdirSync(join(dataDir, 'navarch'))
        .filter((name) => /^[0-9a-f.:]+$/.test(name))
        .join()
    : '');

beforeAll(() => {
  for (const netns of [node, outside, ...pods]) {
    execFileSync('ip', ['netns', 'add', netns]);
    inside(netns, 'ip link set lo up');
  }
  execFileSync('ip', ['link', 'add', 'eth0', 'netns', node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside]);
  inside(node, 'ip addr add 198.51.100.1/24 dev eth0; ip addr add 2001:db8:198::1/64 dev eth0 nodad; ip link set eth0 up');
  inside(outside, 'ip addr add 198.51.100.7/24 dev eth0; ip addr add 2001:db8:198::7/64 dev eth0 nodad; ip link set eth0 up; ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8:198::1');
});
afterAll(() => {
  for (const netns of [outside, ...pods, node]) execFileSync('ip', ['netns', 'delete', netns]);
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the built-in pod network', () => {
  const [a = '', b = ''] = pods;

  it('gives a pod both families, host ports and its bandwidth, and takes all of it back', () => {
    // The bridge itself comes with the first pod, and stays.
    plugins('DEL', a, {}, plugins('ADD', a, {}));
    const before = traces();
    const limited: RuntimeConfig = {
      portMappings: [{ hostPort: 18_080, containerPort: 8080, protocol: 'tcp' }],
      bandwidth: { ingressRate: 16_000_000, ingressBurst: 400_000, egressRate: 8_000_000, egressBurst: 400_000 },
    };
    const results = [plugins('ADD', a, limited), plugins('ADD', b, {})];
    const [ofA = [], ofB = []] = results.map(addressesOf);
    expect(ofA).toEqual([expect.stringMatching(/^10\.249\.7\./), expect.stringMatching(/^fd00:10:249:7::/)]);
    const bytes = 1_000_000;
    const stops = pods.map((pod) => serve(pod, bytes));
    try {
      // From outside and from a neighbour, by its own address and by the node's port; IPv6 as well.
      for (const [from, address, port] of [[b, ofA[0], 8080], [b, ofA[1], 8080], [outside, ofA[0], 8080], [outside, ofA[1], 8080], [outside, '198.51.100.1', 18_080], [outside, '2001:db8:198::1', 18_080]] as const) {
        const { bytes: came, bitsPerSecond } = received(from, address ?? '', port);
        expect([from, address, came]).toEqual([from, address, bytes]);
        // What a pod sends is held to its limit, above which only the burst may be.
        expect(bitsPerSecond).toBeLessThan(1.1 * (8_000_000 + (400_000 * 8_000_000) / (bytes * 8 - 400_000)));
      }
      // What it receives has a limit of its own.
      expect(received(a, ofB[0] ?? '', 8080).bitsPerSecond).toBeLessThan(1.1 * (16_000_000 + (400_000 * 16_000_000) / (bytes * 8 - 400_000)));
    } finally {
      for (const stop of stops) stop();
    }
    plugins('DEL', a, limited, results[0]);
    plugins('DEL', b, {}, results[1]);
    expect(traces()).toBe(before);
  });
});
