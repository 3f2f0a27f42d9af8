import { type corev1 } from '@navarch/api';
import { type CgroupLimits, type CgroupTree } from './cgroup-tree';
import { PodCgroups } from './pod-cgroups';

const asking = (uid: string, cpu: string): corev1.Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, uid }, spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] } });

it('burstable pods weigh together what they ask for, in whatever order the kernel takes it', async () => {
  const shares = new Map<string, number | undefined>();
  /** Turns that writes of the class take: the first is slower than the second. */
  const turns = [20, 0];
  const tree = {
    ensure: async (path: string, limits: CgroupLimits) => {
      for (let left = path.endsWith('/burstable') ? (turns.shift() ?? 0) : 0; left > 0; left--) await Promise.resolve();
      shares.set(path, limits.cpuShares);
    },
  } as Partial<CgroupTree> as CgroupTree;
  const groups = new PodCgroups('/', tree);
  await Promise.all([groups.ensurePod(asking('a', '500m')), groups.ensurePod(asking('b', '250m'))]);
  expect(shares.get('/kubepods/burstable')).toBe(768);
});
