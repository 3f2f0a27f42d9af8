import { TestCluster } from './harness/cluster';

jest.setTimeout(300_000);

/** The skeleton that walks: everything but real containers. */
describe('a cluster of simulated nodes', () => {
  const cluster = new TestCluster('e2e-sim', ['--runtime', 'simulated']);
  const readyReplicas = async (name: string): Promise<string> => cluster.kubectl(`get deployment ${name} -o jsonpath={.status.readyReplicas}`);

  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  it('has two Ready nodes', async () => {
    const nodes = await cluster.kubectl('get nodes --no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(2);
  });

  it('runs a deployment on both', async () => {
    await cluster.kubectl('create deployment web --image=navarch.local/web:1 --replicas=3');
    await cluster.kubectl('rollout status deployment/web --timeout=60s');
    const nodes = await cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].spec.nodeName}');
    expect(new Set(nodes.split(' '))).toEqual(new Set(['node-1', 'node-2']));
  });

  it.each([['apiserver', 5], ['controller-manager', 2], ['scheduler', 6], ['nats', 1], ['etcd', 4], ['kubelet@node-1', 8], ['fake-runtime@node-2', 3]])('goes on after kill -9 of %s', async (name, replicas) => {
    await cluster.kill(name);
    await cluster.until(() => cluster.kubectl(`scale deployment web --replicas=${replicas}`));
    await cluster.until(async () => expect(await readyReplicas('web')).toBe(String(replicas)));
    await cluster.until(async () => {
      const pods = (await cluster.kubectl('get pods -l app=web --no-headers')).trim().split('\n');
      expect(pods).toHaveLength(replicas);
    });
  });

  it('says so when it is started twice', async () => {
    const again = await cluster.launcher('up');
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('is running already');
  });
});
