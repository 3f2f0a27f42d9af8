import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from '@navarch/pki';
import { systemClock } from '@navarch/clock';
import { ask } from './harness/ask';
import { Background } from './harness/background';
import { root, TestCluster } from './harness/cluster';
import { must } from './harness/shell';
import { service, webPod } from './harness/web-objects';

jest.setTimeout(120_000);

/** Each node carries Services by a back end of its own; the pods of the first are another plug-in's. */
const cluster = new TestCluster('e2e-network', ['--flag', 'proxy@node-2:--proxy-mode=iptables', '--flag', 'network-agent@node-1:--cni=none']);
const netns = (node: string): string => `nv-e2e-network-${node}`;
const apply = (...items: object[]): Promise<string> => cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
/** What a pod gets of a URL: its body, or undefined when nobody answers in a second. */
const fetchFrom = async (pod: string, url: string): Promise<string | undefined> => {
  const { code, stdout } = await cluster.tryKubectl(`exec ${pod} -- wget -q -T 1 -O- ${url}`);
  return code === 0 ? stdout : undefined;
};
const lookUp = (name: string): Promise<string> => cluster.kubectl(`exec client -- nslookup ${name}`);

const cniDir = join(root, '.navarch', cluster.name, 'nodes/node-1/cni');
const foreign = '50-foreign.conflist';
/** What the installation of another plug-in does on a node: the configuration, for which it waits until the node has a range. */
const plugIn = async (): Promise<void> => {
  const subnet = await cluster.until(async () => {
    const range = await cluster.kubectl('get node node-1 -o jsonpath={.spec.podCIDR}');
    if (range === '') throw new Error('node-1 has no pod range yet');
    return range;
  }, 240_000);
  mkdirSync(join(cniDir, 'net.d'), { recursive: true });
  const ipam = { type: 'host-local', dataDir: join(cniDir, 'foreign'), ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] };
  writeFileSync(join(cniDir, 'net.d', `${foreign}.new`), JSON.stringify({ cniVersion: '0.4.0', name: 'foreign', plugins: [{ type: 'ptp', ipMasq: false, ipam }] }));
  // The runtime watches the directory, and reads whole files only.
  renameSync(join(cniDir, 'net.d', `${foreign}.new`), join(cniDir, 'net.d', foreign));
};

beforeAll(async () => {
  await Promise.all([cluster.up(), plugIn()]);
}, 300_000);

afterAll(() => cluster.down('--purge'));

describe('the processes of a cluster\'s network', () => {
  beforeAll(async () => {
    await apply({
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'first' },
      spec: { nodeName: 'node-2', restartPolicy: 'Never', containers: [{ name: 'main', image: 'navarch.local/web:1', command: ['nslookup', 'kubernetes.default.svc.cluster.local'] }] },
    });
    // Routes to pods elsewhere are the other plug-in's business as well.
    await must('ip', ['netns', 'exec', netns('node-1'), 'ip', 'route', 'add', await cluster.kubectl('get node node-2 -o jsonpath={.spec.podCIDR}'), 'via', await cluster.nodeIp('node-2')]);
    await apply(webPod('web', 'node-1', { app: 'web' }), webPod('client', 'node-2', { app: 'client' }), webPod('stranger', 'node-1', { app: 'stranger' }), service('web', { selector: { app: 'web' } }));
    await cluster.kubectl('wait pod web client stranger --for=condition=Ready --timeout=180s');
  });

  it('answers names to the first pod of all', async () => {
    await cluster.until(async () => expect(await cluster.kubectl('get pod first -o jsonpath={.status.phase}')).toBe('Succeeded'));
    expect(await cluster.kubectl('logs first')).toContain('10.96.0.1');
  });

  it('leaves the pods of a node to another plug-in, by which they reach others and are reached', async () => {
    const addresses = readdirSync(join(cniDir, 'foreign/foreign'));
    for (const pod of ['web', 'stranger']) expect(addresses).toContain(await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.podIP}`));
    expect(readdirSync(join(cniDir, 'net.d'))).toEqual([foreign]);
    const links = (node: string): Promise<string> => must('ip', ['-n', netns(node), '-o', 'link']);
    expect([await links('node-1'), await links('node-2')]).toEqual([expect.not.stringContaining('cni0'), expect.stringContaining('cni0')]);
    for (const pod of ['client', 'stranger']) await cluster.until(async () => expect(await fetchFrom(pod, 'http://web')).toContain('web:1'));
    const clientIp = await cluster.kubectl('get pod client -o jsonpath={.status.podIP}');
    expect(await fetchFrom('stranger', `http://${clientIp}`)).toContain('web:1');
  });

  it('shows by tap what crosses proxy, DNS, network agent, ingress and metrics-server, and no secret', async () => {
    const shows: Readonly<Record<string, readonly RegExp[]>> = {
      'proxy@node-2': [/→ nats change\.core\.services\._\.default\.tapped /, /→ nats change\.discovery=2Ek8s=2Eio\.endpointslices\._\.default\.tapped-/],
      dns: [
        /→ nats change\.core\.services\._\.default\.tapped /,
        /→ dns {2}A tapped\.default\.svc\.cluster\.local \d+ B {"transport":"udp","code":"NOERROR","answers":1}/,
      ],
      'network-agent@node-1': [/→ nats change\.core\.pods\.node-1\.default\.tapped /],
      'ingress@node-1': [
        /→ nats change\.networking=2Ek8s=2Eio\.ingresses\._\.default\.tapped /,
        /→ grpc \/navarch\.object\.v1\.ObjectService\/Watch .*"object":"Secret default\/tapped-tls v=\d+ /,
        /→ http GET tapped\.example\.test {"code":200}/,
      ],
      'metrics-server': [/→ nats usage\.node-1 /, /→ rest GET \/apis\/metrics\.k8s\.io\/v1beta1\/nodes \d+ B {"user":"kubernetes-admin","code":200}/],
      'kubelet@node-1': [/→ rest GET \/healthz {"user":"[^"]+","code":200}/],
    };
    const taps = new Map(Object.keys(shows).map((process_) => [process_, Background.start(process.execPath, [join(root, 'tools/launch.mjs'), 'tap', process_, '--name', cluster.name], {})]));
    try {
      await cluster.until(() => {
        for (const [process_, tap] of taps) if (tap.said === '' && !process_.startsWith('kubelet')) throw new Error(`${process_} tells nothing`);
        return Promise.resolve();
      });
      const ca = await CertificateAuthority.create('test', systemClock);
      const { cert, key } = await ca.issue({ commonName: 'tapped.example.test', usages: ['server auth'], hosts: ['tapped.example.test'] });
      const data = { 'tls.crt': Buffer.from(cert).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') };
      await apply(
        { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: 'tapped-tls' }, data }, service('tapped', { selector: { app: 'tapped' } }), webPod('tapped', 'node-1', { app: 'tapped' }),
        { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'tapped' }, spec: { ingressClassName: 'navarch', tls: [{ hosts: ['tapped.example.test'], secretName: 'tapped-tls' }], rules: [{ host: 'tapped.example.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'tapped', port: { number: 80 } } } }] } }] } },
      );
      await cluster.kubectl('wait pod tapped --for=condition=Ready --timeout=180s');
      const ip = await cluster.nodeIp('node-1');
      await cluster.until(async () => expect(await ask(ip, 443, 'tapped.example.test', true)).toMatchObject({ code: 200, certificate: 'tapped.example.test' }));
      await cluster.until(async () => expect(await lookUp('tapped.default.svc.cluster.local')).toContain('10.96.'));
      await cluster.kubectl('get --raw /apis/metrics.k8s.io/v1beta1/nodes');
      await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/healthz');
      await cluster.until(() => {
        for (const [process_, patterns] of Object.entries(shows)) for (const pattern of patterns) expect(`${process_}: ${taps.get(process_)?.said ?? ''}`).toMatch(pattern);
        return Promise.resolve();
      });
      const all = [...taps.values()].map(({ said }) => said).join('');
      const secrets = [...key.split('\n').filter((line) => line.length > 16 && !line.startsWith('-----')), data['tls.key']];
      expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    } finally {
      for (const tap of taps.values()) await tap.stop();
    }
  });

  it('outlives the death of proxy, DNS and network agent, whose rules and routes stay and are taken over', async () => {
    // Without what has a time of its own: pods, and how long IPv6 addresses and routes are valid.
    const kept = async (): Promise<string[]> => {
      const texts = await Promise.all(
        [
          ['nft', '--stateless', 'list', 'ruleset'],
          ...['-4', '-6'].flatMap((family) => [
            ['ip', '-o', family, 'address'],
            ['ip', family, 'route'],
          ]),
          ['ip', '-o', 'link'],
        ].map((command) => must('ip', ['netns', 'exec', netns('node-2'), ...command])),
      );
      return [...new Set(texts.flatMap((text) => text.split('\n').map((line) => line.replace(/valid_lft.*|expires \d+sec.*/, '').trim())))].sort();
    };
    await cluster.until(async () => expect(await fetchFrom('client', 'http://web')).toContain('web:1'));
    const before = await kept();
    for (const name of ['proxy@node-2', 'network-agent@node-2', 'dns']) {
      await cluster.kill(name);
      await cluster.until(async () => expect(await fetchFrom('client', 'http://web')).toContain('web:1'));
    }
    await cluster.until(async () => expect((await cluster.launcher('status')).code).toBe(0));
    await cluster.until(async () => expect(await kept()).toEqual(before));
  });
});
