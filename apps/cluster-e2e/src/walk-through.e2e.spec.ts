import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestCluster } from './harness/cluster';
import { someKubectls, type Kubectl } from './harness/kubectls';
import { must } from './harness/shell';
import { walkThrough } from './suites/walk-through';

jest.setTimeout(240_000);

const cluster = new TestCluster('e2e', [
  '--flag', 'controller-manager:--node-monitor-grace-period=12s', '--flag', 'controller-manager:--node-monitor-period=1s',
  '--flag', 'apiserver:--default-unreachable-toleration-seconds=2', '--flag', 'apiserver:--default-not-ready-toleration-seconds=2',
]);
const scratch = mkdtempSync(join(tmpdir(), 'navarch-walk-'));

describe('a new user', () => {
  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(async () => {
    await cluster.down('--purge');
    rmSync(scratch, { recursive: true, force: true });
  });

  walkThrough(cluster);

  describe('with the oldest and the newest kubectl', () => {
    let found: Kubectl[] = [];
    beforeAll(async () => {
      found = await someKubectls();
    });
    afterAll(() => {
      cluster.kubectlPath = 'kubectl';
    });

    it('works the same', async () => {
      expect(found.map(({ version }) => version)).toContain('1.20');
      for (const { path, version } of found) {
        cluster.kubectlPath = path;
        const name = `k${version.replace('.', '-')}`;
        try {
          await cluster.kubectl(`create deployment ${name} --image=navarch.local/web:1`);
          await cluster.kubectl(`rollout status deployment/${name} --timeout=60s`);
          await cluster.kubectl(`expose deployment ${name} --port=80`);
          const pod = (await cluster.kubectl(`get pods -l app=${name} -o jsonpath={.items[0].metadata.name}`)).trim();
          expect(await cluster.kubectl(`exec -i ${pod} -- cat`, { input: version })).toBe(version);
          writeFileSync(join(scratch, name), version);
          await cluster.kubectl(`cp ${join(scratch, name)} ${pod}:/tmp/f`);
          expect(await cluster.kubectl(`exec ${pod} -- cat /tmp/f`)).toBe(version);
          expect(await cluster.kubectl(`explain pod.spec.containers`)).toContain('image');
          await cluster.kubectl(`scale deployment ${name} --replicas=2`);
          await cluster.kubectl(`get deployment ${name} -o wide`);
          await cluster.kubectl(`delete deployment,service ${name}`);
        } catch (error) {
          throw new Error(`kubectl ${version}`, { cause: error });
        }
      }
    });
  });

  it('leaves nothing behind', async () => {
    await cluster.down('--purge');
    expect(await must('sh', ['-c', 'ip netns; ip link; nft list tables; cat /proc/self/mountinfo'])).not.toMatch(/nv-e2e-node|navarch\/e2e\//);
  });
});
