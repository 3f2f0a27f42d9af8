import { TestCluster } from './harness/cluster';
import { storage } from './suites/storage';

jest.setTimeout(300_000);

describe('storage, load balancers and certificates', () => {
  const cluster = new TestCluster('e2e-storage', ['--nodes', '2']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  storage(cluster);
});
