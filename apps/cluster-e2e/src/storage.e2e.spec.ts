import { TestCluster } from './harness/cluster';
import { registries } from './suites/registries';
import { storage } from './suites/storage';

jest.setTimeout(300_000);

describe('what nodes with containers get from outside', () => {
  const cluster = new TestCluster('e2e-storage', ['--nodes', '2']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  describe('storage, load balancers and certificates', () => storage(cluster));

  describe('images of registries on the host', () => registries(cluster));
});
