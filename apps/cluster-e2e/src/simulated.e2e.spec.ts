import { TestCluster } from './harness/cluster';

jest.setTimeout(300_000);

/** The skeleton that walks: everything but real containers. What it does when its parts fail is in faults.e2e.spec.ts. */
describe('a cluster of simulated nodes', () => {
  const cluster = new TestCluster('e2e-sim', ['--runtime', 'simulated']);

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

  it('says so when it is started twice', async () => {
    const again = await cluster.launcher('up');
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('is running already');
  });
});
