import { TestCluster } from './harness/cluster';

jest.setTimeout(120_000);

const cluster = new TestCluster('e2e-dual', ['--ip-family', 'dual']);
const webPod = (name: string, node: string): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } },
  spec: { nodeName: node, terminationGracePeriodSeconds: 0, containers: [{ name: 'web', image: 'navarch.local/web:1', ports: [{ name: 'http', containerPort: 80 }], readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 } }] },
});

describe('a cluster of both families', () => {
  beforeAll(async () => {
    await cluster.up();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ipFamilyPolicy: 'RequireDualStack', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] } };
    await cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [webPod('web', 'node-1'), webPod('client', 'node-2'), service] }) });
    await cluster.kubectl('wait pod --all --for=condition=Ready --timeout=90s');
  }, 300_000);
  afterAll(() => cluster.down('--purge'));

  const addresses = async (what: string, path: string): Promise<string[]> => (await cluster.kubectl(`get ${what} -o jsonpath='{${path}}'`)).split(' ');

  it('gives nodes, pods and Services an address of each', async () => {
    const [four, six] = [expect.stringMatching(/^\d+\.\d+\.\d+\.\d+/) as unknown, expect.stringMatching(/^fd00:/) as unknown];
    expect(await addresses('node node-1', '.status.addresses[?(@.type=="InternalIP")].address')).toEqual([four, six]);
    expect(await addresses('node node-1', '.spec.podCIDRs[*]')).toEqual([four, six]);
    expect(await addresses('pod web', '.status.podIPs[*].ip')).toEqual([four, six]);
    expect(await addresses('service web', '.spec.clusterIPs[*]')).toEqual([four, six]);
  });

  it('carries pods\' traffic between nodes by both, to pods and to Services', async () => {
    for (const address of [...await addresses('pod web', '.status.podIPs[*].ip'), ...await addresses('service web', '.spec.clusterIPs[*]')]) {
      await cluster.until(async () => expect(await cluster.kubectl(`exec client -- wget -q -T 2 -O- http://${address.includes(':') ? `[${address}]` : address}/`)).toContain('web'));
    }
  });

  it('names Services in both', async () => {
    const [, six = ''] = await addresses('service web', '.spec.clusterIPs[*]');
    await cluster.until(async () => expect(await cluster.kubectl('exec client -- nslookup web.default.svc.cluster.local')).toContain(six));
  });
});
