import { TestCluster } from './harness/cluster';
import { conformanceContainers } from './suites/conformance-containers';

jest.setTimeout(120_000);

describe('a cluster of real containers', () => {
  const cluster = new TestCluster('e2e-containers', []);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  }, 300_000);
  afterAll(() => cluster.down('--purge'));

  describe('conforms:', () => conformanceContainers(cluster));
});
