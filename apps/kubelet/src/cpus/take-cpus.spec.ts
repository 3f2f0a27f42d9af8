import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { machine, twoSockets } from '../testing/machine';
import { formatCpuSet, parseCpuSet } from './cpu-set';
import { allCpus, inspectCpus, type CpuTopology } from './cpu-topology';
import { spreadCpus } from './spread-cpus';
import { takeCpus } from './take-cpus';

describe('lists of processors', () => {
  it.each([['', []], ['0', [0]], ['0-3,8', [0, 1, 2, 3, 8]], ['5,1-2', [1, 2, 5]]])('%j', (text, cpus) => expect(parseCpuSet(text)).toEqual(cpus));
  it.each(['a', '3-1', '1,,2'])('refuse %j', (text) => expect(() => parseCpuSet(text)).toThrow('is no list of processors'));

  it('are written as they are read', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(200)), (cpus) => {
      const sorted = [...cpus].sort((a, b) => a - b);
      expect(parseCpuSet(formatCpuSet(sorted))).toEqual(sorted);
    }));
  });
});

describe('inspectCpus', () => {
  it('finds cores, memory banks and who shares a cache of level 3', async () => {
    const root = await mkdtemp(join(tmpdir(), 'cpus-'));
    for (const [id, bank] of [[0, 0], [1, 1]] as const) {
      for (const folder of ['topology', `node${bank}`, 'cache/index2', 'cache/index3']) await mkdir(join(root, `cpu${id}`, folder), { recursive: true });
      const files = { 'topology/core_id': 0, 'topology/physical_package_id': id, 'cache/index2/level': 2, 'cache/index2/shared_cpu_list': '0-1', 'cache/index3/level': 3, 'cache/index3/shared_cpu_list': id };
      for (const [name, content] of Object.entries(files)) await writeFile(join(root, `cpu${id}`, name), `${content}\n`);
    }
    await writeFile(join(root, 'online'), '0-1\n');
    await writeFile(join(root, 'status'), 'Cpus_allowed_list:\t0-1\n');
    expect((await inspectCpus(root, join(root, 'status'))).cpus).toEqual([{ id: 0, core: 0, socket: 0, numa: 0, cache: 0 }, { id: 1, core: 1, socket: 1, numa: 1, cache: 1 }]);
    await rm(join(root, 'cpu1', 'cache'), { recursive: true });
    expect((await inspectCpus(root, join(root, 'status'))).cpus[1]?.cache).toBe(0);
    await rm(root, { recursive: true });
  });
});

describe('takeCpus', () => {
  // Cores are 0/8, 1/9, 2/10, 3/11 on the first socket and 4/12 to 7/15 on the second.
  it.each<[string, string, number, string]>([
    ['one thread of an untouched machine', '0-15', 1, '0'],
    ['a whole core before two halves', '0-15', 2, '0,8'],
    ['the thread of a broken core first', '1-15', 1, '8'],
    ['a whole core, then a broken one\'s thread', '1-15', 3, '1,8-9'],
    ['a whole socket', '0-15', 8, '0-3,8-11'],
    ['the only socket that is whole', '1-15', 8, '4-7,12-15'],
    ['cores of the fuller socket, to keep the other whole', '2-15', 4, '2-3,10-11'],
    ['a socket and a core of the other', '0-15', 10, '0-4,8-12'],
    ['everything', '0-15', 16, '0-15'],
  ])('takes %s', (_what, available, count, expected) => expect(formatCpuSet(takeCpus(twoSockets, parseCpuSet(available), count))).toBe(expected));

  it('takes a memory bank of a socket with several', () => {
    const topology = machine(1, 2, 2, 2);
    expect(formatCpuSet(takeCpus(topology, parseCpuSet('1-7'), 4))).toBe('2-3,6-7');
  });

  // Caches of two cores: 0/8 1/9, 2/10 3/11, 4/12 5/13, 6/14 7/15.
  it.each<[string, string, number, string]>([
    ['whole caches', '1-7,9-15', 4, '2-3,10-11'],
    ['cores of one cache before those of two', '0,2-7,8,10-15', 4, '2-3,10-11'],
    ['whole caches, then cores of one', '0-15', 6, '0-2,8-10'],
    ['cores of the cache that has fewest left', '1-7,9-15', 2, '1,9'],
    ['as it comes where no cache has enough', '1,3,5,7,9,11,13,15', 4, '1,3,9,11'],
  ])('takes %s, where caches matter', (_what, available, count, expected) => {
    expect(formatCpuSet(takeCpus(machine(2, 1, 4, 2, 2), parseCpuSet(available), count, { byCache: true, acrossCores: false }))).toBe(expected);
  });

  it.each<[string, string, number, string]>([
    ['one thread of each core', '0-15', 4, '0-3'],
    ['the second ones when there is no other', '0-15', 6, '0-3,8-9'],
    ['whole sockets all the same', '0-15', 8, '0-3,8-11'],
    ['the fuller socket first', '1-15', 3, '1-3'],
  ])('takes %s, where they are to be spread over cores', (_what, available, count, expected) => {
    expect(formatCpuSet(takeCpus(twoSockets, parseCpuSet(available), count, { byCache: false, acrossCores: true }))).toBe(expected);
  });

  it('says how many are missing', () => expect(() => takeCpus(twoSockets, [0, 1], 3)).toThrow('not enough cpus available to satisfy request: requested=3, available=2'));

  it('takes what was asked for, of what was free, always', () => {
    fc.assert(fc.property(fc.subarray([...allCpus(twoSockets)]), fc.nat(16), (available, count) => {
      fc.pre(count <= available.length);
      const taken = takeCpus(twoSockets, available, count);
      expect([taken.length, taken.every((cpu) => available.includes(cpu))]).toEqual([count, true]);
    }));
  });
});

describe('spreadCpus', () => {
  const fourBanks = machine(2, 2, 4, 2);

  it.each<[string, CpuTopology, string, number, number, string]>([
    ['from one bank where one is enough', twoSockets, '0-15', 8, 1, '0-3,8-11'],
    ['half from each of two', twoSockets, '0-15', 12, 1, '0-2,4-6,8-10,12-14'],
    ['whole cores', twoSockets, '0-15', 10, 2, '0-2,4-5,8-10,12-13'],
    ['from as few banks as can do', fourBanks, '0-31', 12, 1, '0-2,4-6,16-18,20-22'],
    ['from those that leave the machine even', fourBanks, '0-1,4-31', 12, 1, '4-6,8-10,20-22,24-26'],
    ['as it comes where nothing is even', twoSockets, '0-3,8-11,4', 9, 1, '0-4,8-11'],
    ['as it comes where cores cannot stay whole', twoSockets, '0-15', 9, 2, '0-4,8-11'],
  ])('takes %s', (_what, topology, free, count, group, taken) => expect(formatCpuSet(spreadCpus(topology, parseCpuSet(free), count, group))).toBe(taken));

  it('says how many are missing', () => expect(() => spreadCpus(twoSockets, [0, 1], 3, 1)).toThrow('not enough cpus available to satisfy request: requested=3, available=2'));

  it('takes what was asked for, of what was free, always; evenly where everything is', () => {
    fc.assert(fc.property(fc.subarray([...allCpus(fourBanks)]), fc.nat(32), fc.constantFrom(1, 2), (available, count, group) => {
      fc.pre(count <= available.length);
      const taken = spreadCpus(fourBanks, available, count, group);
      expect([taken.length, new Set(taken).size, taken.every((cpu) => available.includes(cpu))]).toEqual([count, count, true]);
    }));
    fc.assert(fc.property(fc.integer({ min: 1, max: 16 }), (half) => {
      const taken = spreadCpus(fourBanks, allCpus(fourBanks), half * 2, 2);
      const perBank = fourBanks.numaNodes.map((bank) => fourBanks.cpus.filter(({ id, numa }) => numa === bank && taken.includes(id)).length).filter((cpus) => cpus > 0);
      expect(Math.max(...perBank) - Math.min(...perBank)).toBeLessThanOrEqual(2);
    }));
  });
});
