import { TestCluster } from './harness/cluster';
import { someKubectls } from './harness/kubectls';
import { kubectlCommands } from './suites/kubectl-commands';

jest.setTimeout(300_000);

/** Every command of the oldest and the newest kubectl, against one cluster of simulated nodes. */
describe('kubectl', () => {
  const cluster = new TestCluster('e2e-kubectl', ['--runtime', 'simulated']);
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  kubectlCommands(cluster, someKubectls);
});
