import { TestCluster } from './harness/cluster';
import { must } from './harness/shell';
import { kubectlVersions } from './suites/kubectl-versions';
import { walkThrough } from './suites/walk-through';

jest.setTimeout(240_000);

const cluster = new TestCluster('e2e', [
  '--flag', 'controller-manager:--node-monitor-grace-period=12s', '--flag', 'controller-manager:--node-monitor-period=1s',
  '--flag', 'apiserver:--default-unreachable-toleration-seconds=2', '--flag', 'apiserver:--default-not-ready-toleration-seconds=2',
]);

describe('a new user', () => {
  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  walkThrough(cluster);

  describe('with the oldest and the newest kubectl', () => kubectlVersions(cluster));

  it('leaves nothing behind', async () => {
    await cluster.down('--purge');
    expect(await must('sh', ['-c', 'ip netns; ip link; nft list tables; cat /proc/self/mountinfo'])).not.toMatch(/nv-e2e-node|navarch\/e2e\//);
  });
});
