import { TestCluster } from './harness/cluster';
import { clients } from './suites/clients';

jest.setTimeout(300_000);

describe('clients on simulated nodes', () => {
  const cluster = new TestCluster('e2e-clients', ['--runtime', 'simulated']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  clients(cluster);
});
