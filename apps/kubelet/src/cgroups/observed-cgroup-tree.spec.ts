import { FakeClock } from '@navarch/clock';
import { type CgroupTree } from './cgroup-tree';
import { ObservedCgroupTree } from './observed-cgroup-tree';

describe('ObservedCgroupTree', () => {
  it('tells what was done to groups and how long it took, failures too', async () => {
    const clock = new FakeClock();
    const groups = new Set<string>();
    const tree: CgroupTree = {
      version: 2,
      ensure: async (path) => {
        await clock.advance(500);
        groups.add(path);
      },
      remove: (path) => (groups.delete(path) ? Promise.resolve() : Promise.reject(new Error('EBUSY'))),
      exists: (path) => Promise.resolve(groups.has(path)), memory: () => Promise.reject(new Error('not here')), usage: () => Promise.resolve({}), children: () => Promise.resolve([...groups]),
    };
    const told: [string, number][] = [];
    const observed = new ObservedCgroupTree(tree, clock, (...operation) => told.push(operation));
    await observed.ensure('/kubepods', {});
    await observed.ensure('/kubepods', { pids: 5 });
    await observed.remove('/kubepods');
    await expect(observed.remove('/kubepods')).rejects.toThrow('EBUSY');
    expect(told).toEqual([['create', 0.5], ['update', 0.5], ['destroy', 0], ['destroy', 0]]);
    expect(await observed.children('/')).toEqual([]);
  });
});
