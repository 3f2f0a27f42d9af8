import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { type Machine } from '../node/machine';
import { RecordedEvents } from '../testing/recorded-events';
import { AllocatableEnforcement } from './allocatable-enforcement';
import { type CgroupUsage } from './cgroup-usage';
import { type CgroupLimits, type CgroupMemory, type CgroupTree } from './cgroup-tree';
import { allocatableOptions, kubepodsLimits, reservedLimits } from './node-allocatable';

const gibibytes = 2 ** 30;
const machine: Machine = {
  cpus: 4, memoryBytes: 8 * gibibytes, storageBytes: 100 * gibibytes, pids: 32_768, swap: { bytes: 0, control: undefined }, hugepages: { 'hugepages-2Mi': 64 * 2 ** 20 },
  machineId: '', systemUuid: '', bootId: '', uptimeMs: 0, kernelVersion: '', osImage: '', architecture: 'amd64',
};
const reservations = { kubeReserved: { cpu: '500m', memory: '1Gi', pid: '1000' }, systemReserved: { cpu: '500m', memory: '512Mi' }, evictionHard: { 'memory.available': '100Mi' } };

describe('what all pods together may use', () => {
  it('is the machine less what is reserved, but not what evictions keep free', () => {
    expect(kubepodsLimits(machine, reservations, true)).toEqual({ cpuShares: 3072, memoryBytes: 6.5 * gibibytes, pids: 31_768, hugepages: { '2MB': 64 * 2 ** 20 } });
  });

  it('is the machine where it is not enforced', () => {
    expect(kubepodsLimits(machine, reservations, false)).toEqual({ cpuShares: 4096, memoryBytes: 8 * gibibytes, hugepages: { '2MB': 64 * 2 ** 20 } });
  });

  it('leaves the groups that something is reserved for with that', () => {
    expect(reservedLimits(reservations.kubeReserved, false)).toEqual({ cpuShares: 512, memoryBytes: gibibytes, pids: 1000 });
    expect(reservedLimits(reservations.kubeReserved, true)).toEqual({ cpuShares: 512 });
  });
});

describe('--enforce-node-allocatable', () => {
  it.each<[string, string[], { system: string; kube: string }, string]>([
    ['an unknown word', ['nodes'], { system: '', kube: '' }, 'option "nodes" specified for enforceNodeAllocatable'],
    ['none with more', ['none', 'pods'], { system: '', kube: '' }, 'may not contain additional enforcements when "none" is specified'],
    ['a reserved group without its name', ['pods', 'system-reserved'], { system: '', kube: '' }, 'systemReservedCgroup (--system-reserved-cgroup) must be specified'],
    ['one both whole and in part', ['kube-reserved', 'kube-reserved-compressible'], { system: '', kube: '/k' }, 'cannot be specified together'],
  ])('refuses %s', (_what, enforce, cgroups, message) => expect(() => allocatableOptions(enforce, cgroups)).toThrow(message));

  it('of none holds nothing', () => expect(allocatableOptions(['none'], { system: '', kube: '' }).enforce).toEqual([]));
});

/** Groups in memory; one that holds more than its limit is busy, as in the kernel. */
class FakeTree implements CgroupTree {
  readonly version = 1;
  readonly groups = new Map<string, CgroupLimits>();
  usedBytes = 0;

  ensure(path: string, limits: CgroupLimits): Promise<void> {
    if (limits.memoryBytes !== undefined && limits.memoryBytes < this.usedBytes) return Promise.reject(new Error('EBUSY: resource busy or locked'));
    this.groups.set(path, { ...this.groups.get(path), ...limits });
    return Promise.resolve();
  }

  exists(path: string): Promise<boolean> {
    return Promise.resolve(this.groups.has(path));
  }

  usage(): Promise<CgroupUsage> {
    return Promise.resolve({});
  }

  memory(path: string): Promise<CgroupMemory> {
    return Promise.resolve({ limitBytes: this.groups.get(path)?.memoryBytes ?? Infinity, workingSetBytes: this.usedBytes, usageBytes: this.usedBytes });
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  children(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

describe('AllocatableEnforcement', () => {
  const open = (enforce: readonly string[], groups: { system: string; kube: string } = { system: '', kube: '' }) => {
    const [tree, events, clock] = [new FakeTree(), new RecordedEvents(), new FakeClock()];
    return { tree, events, clock, enforcement: new AllocatableEnforcement('/node', allocatableOptions(enforce, groups), reservations, { tree, events, clock, log: silentLogger }) };
  };

  it('narrows the group of all pods once it is small enough, and says so each time', async () => {
    const { tree, events, clock, enforcement } = open(['pods']);
    tree.usedBytes = 7 * gibibytes;
    await enforcement.start(machine);
    await clock.advance(0);
    expect(events.lines).toEqual(['FailedNodeAllocatableEnforcement: Failed to update Node Allocatable Limits "/node/kubepods": EBUSY: resource busy or locked']);
    tree.usedBytes = 6 * gibibytes;
    await clock.advance(60_000);
    expect(events.lines.at(-1)).toBe('NodeAllocatableEnforced: Updated Node Allocatable limit across pods');
    await expect(enforcement.memoryLevel()).resolves.toEqual({ capacity: 6.5 * gibibytes, available: 0.5 * gibibytes });
    await enforcement.stop();
  });

  it('holds a group that is there to what is reserved for it, and fails where it is not', async () => {
    const { tree, events, enforcement } = open(['kube-reserved'], { system: '', kube: '/kube' });
    await expect(enforcement.start(machine)).rejects.toThrow('Failed to enforce Kube Reserved Cgroup Limits on "/kube": "/kube" cgroup does not exist');
    tree.groups.set('/kube', {});
    await enforcement.start(machine);
    expect(tree.groups.get('/kube')).toEqual({ cpuShares: 512, memoryBytes: gibibytes, pids: 1000 });
    expect(events.lines).toContain('NodeAllocatableEnforced: Updated limits on kube reserved cgroup /kube');
    await enforcement.stop();
  });

  it('knows no level of memory where pods are not held to one', async () => {
    await expect(open(['none']).enforcement.memoryLevel()).resolves.toBeUndefined();
  });
});
