import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './harness/cluster';
import { ComposeCluster, network } from './harness/compose-cluster';
import { must } from './harness/shell';

jest.setTimeout(300_000);

/** kine itself where its image is, or else the double that takes what kine takes. */
describe('kine in place of etcd', () => {
  const cluster = new ComposeCluster('kine', 'simulated').with('examples/swap/store/docker-compose.kine.yml');

  beforeAll(async () => {
    const { services } = parse(await cluster.compose('config')) as { services: { kine: { image: string } } };
    await must(process.execPath, [join(root, 'tools/compose/stand-ins.mjs'), services.kine.image], { timeoutMs: 120_000 });
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  it('keeps all that a cluster writes, and etcd nothing', async () => {
    await cluster.kubectl('create deployment web --image=navarch.local/web:1 --replicas=2');
    await cluster.kubectl('rollout status deployment/web --timeout=50s');
    await cluster.kubectl('expose deployment web --port=80 --type=NodePort');
    await cluster.until(async () => expect((await cluster.kubectl('get endpoints web -o jsonpath={.subsets[0].addresses[*].ip}')).split(' ')).toHaveLength(2));
    await cluster.kubectl('delete deployment web');
    await cluster.until(async () => expect(await cluster.kubectl('get pods -o name')).toBe(''));
    expect(await cluster.stored('etcd', '/')).toEqual(new Map());
  });

  it('is reached by apiservers alone, who are reached as ever', async () => {
    expect(await cluster.kubectl('get endpoints kubernetes -o jsonpath={.subsets[0].addresses[0].ip}')).toMatch(new RegExp(`^${network.replaceAll('.', '\\.')}\\.`));
    await expect(cluster.exec('scheduler-1', 'getent', 'hosts', 'kine')).rejects.toThrow('ended with');
    expect(await cluster.exec('apiserver', 'getent', 'hosts', 'kine')).toContain('kine');
  });
});
