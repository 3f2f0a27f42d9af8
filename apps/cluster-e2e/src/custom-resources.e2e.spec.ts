import { TestCluster } from './harness/cluster';
import { customResources } from './suites/custom-resources';

jest.setTimeout(300_000);

describe('custom resources, on simulated nodes', () => {
  const cluster = new TestCluster('e2e-custom', ['--runtime', 'simulated']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  describe('and their operator', () => customResources(cluster));
});
