import { TestCluster } from './harness/cluster';
import { dualStack } from './suites/dual-stack';

jest.setTimeout(120_000);

const cluster = new TestCluster('e2e-dual', ['--ip-family', 'dual']);

describe('a cluster of both families', () => {
  beforeAll(async () => {
    await cluster.up();
  }, 300_000);
  afterAll(() => cluster.down('--purge'));

  describe('has addresses of both:', () => dualStack(cluster));
});
