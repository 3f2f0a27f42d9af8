import { TestCluster } from './harness/cluster';
import { workloads } from './suites/workloads';

jest.setTimeout(300_000);

describe('workloads on simulated nodes', () => {
  const cluster = new TestCluster('e2e-workloads', ['--runtime', 'simulated', '--flag', 'controller-manager:--horizontal-pod-autoscaler-sync-period=2s']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  workloads(cluster);
});
