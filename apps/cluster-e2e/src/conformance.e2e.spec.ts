import { TestCluster } from './harness/cluster';
import { conformance } from './suites/conformance';

jest.setTimeout(300_000);

describe('a cluster of simulated nodes conforms:', () => {
  const cluster = new TestCluster('e2e-conformance', ['--runtime', 'simulated']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  describe('in', () => conformance(cluster));
});
