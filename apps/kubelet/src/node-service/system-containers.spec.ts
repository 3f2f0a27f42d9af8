import { systemContainers, type PodsGroup } from './system-containers';

describe('system containers', () => {
  const group = (exists: boolean): PodsGroup => ({
    path: '/kubepods',
    tree: {
      exists: (path) => Promise.resolve(exists && path === '/kubepods'),
      usage: () => Promise.resolve({ userSeconds: 1.5, systemSeconds: 0.25 }),
      memory: () => Promise.resolve({ limitBytes: Infinity, workingSetBytes: 10, usageBytes: 12 }),
    },
  });

  it('are the kubelet and the group of all pods', async () => {
    expect(await systemContainers(group(true))).toEqual([
      { name: 'kubelet', nanoseconds: expect.any(Number) as number, memory: { workingSetBytes: expect.any(Number) as number, rssBytes: expect.any(Number) as number } },
      { name: 'pods', nanoseconds: 1_750_000_000, memory: { workingSetBytes: 10, usageBytes: 12 } },
    ]);
  });

  it.each([['there is none yet', group(false)], ['there are no groups', undefined]])('are the kubelet alone where %s', async (_why, pods) => {
    expect((await systemContainers(pods)).map(({ name }) => name)).toEqual(['kubelet']);
  });
});
