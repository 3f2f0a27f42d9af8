import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningCluster } from '../harness/cluster';
import { someKubectls, type Kubectl } from '../harness/kubectls';

/** What each kubectl that can be found does with real containers. */
export function kubectlVersions(cluster: RunningCluster): void {
  const scratch = mkdtempSync(join(tmpdir(), 'navarch-kubectls-'));
  let found: Kubectl[] = [];
  beforeAll(async () => {
    found = await someKubectls();
  });
  afterAll(() => {
    cluster.kubectlPath = 'kubectl';
    rmSync(scratch, { recursive: true, force: true });
  });

  it('works the same', async () => {
    expect(found.map(({ version }) => version)).toContain('1.20');
    for (const { path, version } of found) {
      cluster.kubectlPath = path;
      const name = `k${version.replace('.', '-')}`;
      try {
        await cluster.kubectl(`create deployment ${name} --image=navarch.local/web:1`);
        await cluster.kubectl(`rollout status deployment/${name} --timeout=180s`);
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
}
