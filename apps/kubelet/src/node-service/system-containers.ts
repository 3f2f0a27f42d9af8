import { type CgroupTree } from '../cgroups/cgroup-tree';

/** The group that all pods are in. */
export interface PodsGroup {
  readonly tree: Pick<CgroupTree, 'exists' | 'usage' | 'memory'>;
  readonly path: string;
}

/** What one of a node's own parts uses: upstream's systemContainers. */
export interface SystemContainer {
  readonly name: 'kubelet' | 'pods';
  /** Of processor time, since its start. */
  readonly nanoseconds: number;
  readonly memory: { readonly workingSetBytes: number; readonly usageBytes?: number; readonly rssBytes?: number };
}

/** The kubelet as its process tells, which need not have a group to itself; and pods, where they have a group. */
export async function systemContainers(pods: PodsGroup | undefined): Promise<SystemContainer[]> {
  const { user, system } = process.cpuUsage();
  const rssBytes = process.memoryUsage.rss();
  const kubelet: SystemContainer = { name: 'kubelet', nanoseconds: (user + system) * 1000, memory: { workingSetBytes: rssBytes, rssBytes } };
  if (!pods || !(await pods.tree.exists(pods.path))) return [kubelet];
  const [{ userSeconds = 0, systemSeconds = 0 }, { workingSetBytes, usageBytes }] = await Promise.all([pods.tree.usage(pods.path), pods.tree.memory(pods.path)]);
  return [kubelet, { name: 'pods', nanoseconds: Math.round((userSeconds + systemSeconds) * 1e9), memory: { workingSetBytes, usageBytes } }];
}
