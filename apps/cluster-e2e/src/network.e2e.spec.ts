import { get } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { CertificateAuthority } from '@navarch/pki';
import { systemClock } from '@navarch/clock';
import { Background } from './harness/background';
import { root, TestCluster } from './harness/cluster';
import { must } from './harness/shell';

jest.setTimeout(120_000);

/** Each node carries Services by a back end of its own. */
const cluster = new TestCluster('e2e-network', ['--flag', 'proxy@node-2:--proxy-mode=iptables']);
const netns = (node: string): string => `nv-e2e-network-${node}`;
const webPod = (name: string, node: string, labels: object, more: object = {}): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, labels },
  spec: { nodeName: node, terminationGracePeriodSeconds: 0, containers: [{ name: 'web', image: 'navarch.local/web:1', ports: [{ name: 'http', containerPort: 80 }], readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 } }], ...more },
});
const service = (name: string, spec: object): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ name: 'http', port: 80 }], ...spec } });
const apply = (...items: object[]): Promise<string> => cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
const nodeIp = (node: string): Promise<string> => cluster.kubectl(`get node ${node} -o jsonpath='{.status.addresses[?(@.type=="InternalIP")].address}'`);
/** What a pod gets of a URL: its body, or undefined when nobody answers in a second. */
const fetchFrom = async (pod: string, url: string): Promise<string | undefined> => {
  const { code, stdout } = await cluster.tryKubectl(`exec ${pod} -- wget -q -T 1 -O- ${url}`);
  return code === 0 ? stdout : undefined;
};
const lookUp = (name: string): Promise<string> => cluster.kubectl(`exec client -- nslookup ${name}`);

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly certificate?: string;
}

/** As curl does it with a Host header, and with --resolve for TLS. */
function ask(host: string, port: number, name: string, secure = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path: '/', headers: { host: name }, agent: false, timeout: 2_000 };
    const call = secure ? getSecure({ ...options, servername: name, rejectUnauthorized: false }) : get(options);
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', reject);
    call.on('response', (answer) => {
      const certificate = 'getPeerCertificate' in answer.socket ? (answer.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject.CN : undefined;
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString(), ...(certificate === undefined ? {} : { certificate }) }));
    });
  });
}

beforeAll(async () => {
  await cluster.up();
  await apply(
    webPod('web', 'node-1', { app: 'web' }), webPod('client', 'node-2', { app: 'client' }), webPod('stranger', 'node-1', { app: 'stranger' }),
    webPod('db-0', 'node-2', { app: 'db' }, { hostname: 'db-0', subdomain: 'db' }),
    service('web', { selector: { app: 'web' } }), service('db', { selector: { app: 'db' }, clusterIP: 'None' }), service('out', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local', ports: undefined }),
  );
  await cluster.kubectl('wait pod --all --for=condition=Ready --timeout=90s');
}, 300_000);

afterAll(() => cluster.down('--purge'));

describe('the network of a real cluster', () => {
  it('gives names to Services, pods and aliases', async () => {
    const clusterIp = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
    const podIp = await cluster.kubectl('get pod db-0 -o jsonpath={.status.podIP}');
    await cluster.until(async () => expect(await lookUp('web.default.svc.cluster.local')).toContain(clusterIp));
    await cluster.until(async () => expect(await lookUp('db-0.db.default.svc.cluster.local')).toContain(podIp));
    expect(await lookUp('out.default.svc.cluster.local')).toContain(clusterIp);
    expect(await lookUp(`${podIp.replaceAll('.', '-')}.default.pod.cluster.local`)).toContain(podIp);
    expect(await lookUp(podIp)).toContain('db-0.db.default.svc.cluster.local');
    expect((await cluster.tryKubectl('exec client -- nslookup nothing.default.svc.cluster.local')).stdout).toContain('NXDOMAIN');
  });

  it('closes a pod by policy, opens it to some, and lets its probes through', async () => {
    const podIp = await cluster.kubectl('get pod web -o jsonpath={.status.podIP}');
    const reached = async (): Promise<boolean[]> => [(await fetchFrom('client', `http://${podIp}`)) !== undefined, (await fetchFrom('stranger', 'http://web')) !== undefined];
    await cluster.until(async () => expect(await reached()).toEqual([true, true]));
    const policy = (name: string, spec: object): object => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name }, spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ...spec } });
    await apply(policy('deny', {}));
    await cluster.until(async () => expect(await reached()).toEqual([false, false]));
    await apply(policy('allow', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 'http' }] }] }));
    await cluster.until(async () => expect(await reached()).toEqual([true, false]));
    expect(await cluster.kubectl(`get pod web -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}'`)).toBe('True');
    await cluster.kubectl('delete networkpolicy deny allow');
    await cluster.until(async () => expect(await reached()).toEqual([true, true]));
  });

  it('serves an Ingress by host, with the certificate of its Secret, and tells its address', async () => {
    const ip = await nodeIp('node-1');
    const ca = await CertificateAuthority.create('test', systemClock);
    const { cert, key } = await ca.issue({ commonName: 'web.example.test', usages: ['server auth'], hosts: ['web.example.test'] });
    const data = { 'tls.crt': Buffer.from(cert).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') };
    const backend = { service: { name: 'web', port: { name: 'http' } } };
    await apply(
      { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: 'web-tls' }, data },
      { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'web' }, spec: { ingressClassName: 'navarch', tls: [{ hosts: ['web.example.test'], secretName: 'web-tls' }], rules: [{ host: 'web.example.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] } },
    );
    await cluster.until(async () => expect(await ask(ip, 80, 'web.example.test')).toMatchObject({ code: 200, text: expect.stringContaining('web:1') as unknown }));
    await cluster.until(async () => expect(await ask(ip, 443, 'web.example.test', true)).toMatchObject({ code: 200, certificate: 'web.example.test' }));
    expect((await ask(ip, 80, 'other.example.test')).code).toBe(404);
    await cluster.until(async () => expect(await cluster.kubectl('get ingress web -o jsonpath={.status.loadBalancer.ingress[0].ip}')).toBe(ip));
  });

  it('keeps traffic from outside on the node that has the pod, where the Service says so', async () => {
    await apply(service('local', { type: 'NodePort', externalTrafficPolicy: 'Local', selector: { app: 'web' } }));
    const port = Number(await cluster.kubectl('get service local -o jsonpath={.spec.ports[0].nodePort}'));
    const [first, second] = [await nodeIp('node-1'), await nodeIp('node-2')];
    await cluster.until(async () => expect((await ask(first, port, 'x')).code).toBe(200));
    await expect(ask(second, port, 'x')).rejects.toThrow('timeout');
    expect(await fetchFrom('client', `http://${second}:${port}`)).toContain('web:1');
  });

  it('carries Services by nftables on one node and by iptables on the other', async () => {
    const clusterIp = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
    await apply(service('port', { type: 'NodePort', selector: { app: 'web' } }));
    const port = Number(await cluster.kubectl('get service port -o jsonpath={.spec.ports[0].nodePort}'));
    // From a pod of each node to the address of the Service, and from outside to the port of each.
    for (const pod of ['stranger', 'client']) await cluster.until(async () => expect(await fetchFrom(pod, `http://${clusterIp}`)).toContain('web:1'));
    for (const node of ['node-1', 'node-2']) await cluster.until(async () => expect((await ask(await nodeIp(node), port, 'x')).text).toContain('web:1'));
    const inNode = (node: string, ...command: string[]): Promise<string> => must('ip', ['netns', 'exec', netns(node), ...command]);
    const carriedBy = async (node: string): Promise<object> => ({
      nftables: (await inNode(node, 'nft', 'list', 'tables')).includes('table ip navarch-proxy\n'), iptables: (await inNode(node, 'iptables-save', '-t', 'nat')).includes(clusterIp),
    });
    expect([await carriedBy('node-1'), await carriedBy('node-2')]).toEqual([{ nftables: true, iptables: false }, { nftables: false, iptables: true }]);
  });

  it('tells what nodes and pods use', async () => {
    await cluster.until(async () => expect((await cluster.kubectl('top nodes --no-headers')).trim().split('\n').map((line) => line.split(/\s+/)[0])).toEqual(['node-1', 'node-2']));
    await cluster.until(async () => expect(await cluster.kubectl('top pods --no-headers')).toMatch(/^web\s+\d+m\s+\d+Mi/m));
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
      const ip = await nodeIp('node-1');
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
    const kept = async (): Promise<Set<string>> => {
      const texts = await Promise.all([['nft', '--stateless', 'list', 'ruleset'], ['ip', '-4', 'address'], ['ip', '-4', 'route'], ['ip', 'link']].map((command) => must('ip', ['netns', 'exec', netns('node-2'), ...command])));
      return new Set(texts.flatMap((text) => text.split('\n').map((line) => line.trim())));
    };
    await cluster.until(async () => expect(await fetchFrom('client', 'http://web')).toContain('web:1'));
    const before = await kept();
    for (const name of ['proxy@node-2', 'network-agent@node-2', 'dns']) {
      await cluster.kill(name);
      await cluster.until(async () => expect(await fetchFrom('client', 'http://web')).toContain('web:1'));
    }
    await cluster.until(async () => expect((await cluster.launcher('status')).code).toBe(0));
    expect([...await kept()].filter((line) => !before.has(line))).toEqual([]);
  });
});
