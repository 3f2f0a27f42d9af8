import { join } from 'node:path';
import { CertificateAuthority } from '@navarch/pki';
import { systemClock } from '@navarch/clock';
import { ask } from './harness/ask';
import { Background } from './harness/background';
import { root, TestCluster } from './harness/cluster';
import { must } from './harness/shell';
import { service, webPod } from './harness/web-objects';

jest.setTimeout(120_000);

/** Each node carries Services by a back end of its own. */
const cluster = new TestCluster('e2e-network', ['--flag', 'proxy@node-2:--proxy-mode=iptables']);
const netns = (node: string): string => `nv-e2e-network-${node}`;
const apply = (...items: object[]): Promise<string> => cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
/** What a pod gets of a URL: its body, or undefined when nobody answers in a second. */
const fetchFrom = async (pod: string, url: string): Promise<string | undefined> => {
  const { code, stdout } = await cluster.tryKubectl(`exec ${pod} -- wget -q -T 1 -O- ${url}`);
  return code === 0 ? stdout : undefined;
};
const lookUp = (name: string): Promise<string> => cluster.kubectl(`exec client -- nslookup ${name}`);

beforeAll(async () => {
  await cluster.up();
}, 300_000);

afterAll(() => cluster.down('--purge'));

describe('the processes of a cluster\'s network', () => {
  beforeAll(async () => {
    await apply(webPod('web', 'node-1', { app: 'web' }), webPod('client', 'node-2', { app: 'client' }), webPod('stranger', 'node-1', { app: 'stranger' }), service('web', { selector: { app: 'web' } }));
    await cluster.kubectl('wait pod --all --for=condition=Ready --timeout=90s');
  });

  it('shows by tap what crosses proxy, DNS, network agent, ingress and metrics-server, and no secret', async () => {
    const shows: Readonly<Record<string, readonly RegExp[]>> = {
      'proxy@node-2': [/→ nats change\.core\.services\._\.default\.tapped /, /→ nats change\.discovery=2Ek8s=2Eio\.endpointslices\._\.default\.tapped-/],
      dns: [/→ nats change\.core\.services\._\.default\.tapped /, /→ dns {2}A tapped\.default\.svc\.cluster\.local \d+ B {"transport":"udp","code":"NOERROR","answers":1}/],
      'network-agent@node-1': [/→ nats change\.core\.pods\.node-1\.default\.tapped /],
      'ingress@node-1': [/→ nats change\.networking=2Ek8s=2Eio\.ingresses\._\.default\.tapped /, /→ grpc \/navarch\.object\.v1\.ObjectService\/Watch .*"object":"Secret default\/tapped-tls v=\d+ /, /→ http GET tapped\.example\.test {"code":200}/],
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
      await cluster.kubectl('wait pod tapped --for=condition=Ready --timeout=60s');
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
      const texts = await Promise.all([['nft', '--stateless', 'list', 'ruleset'], ...['-4', '-6'].flatMap((family) => [['ip', '-o', family, 'address'], ['ip', family, 'route']]), ['ip', '-o', 'link']].map((command) => must('ip', ['netns', 'exec', netns('node-2'), ...command])));
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
