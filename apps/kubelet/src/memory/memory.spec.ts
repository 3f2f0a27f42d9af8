import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { aContainer, aPod } from '../testing/pod-bench';
import { type TopologyHint } from '../topology/topology-hint';
import { MemoryManager } from './memory-manager';
import { MemoryTable } from './memory-table';
import { checkReservedMemory, parseReservedMemory } from './reserved-memory';
import { PlacementMetrics } from '../topology/placement-metrics';

const gibibytes = 2 ** 30;
const banks = new Map([[0, { memory: 8 * gibibytes }], [1, { memory: 8 * gibibytes }]]);
const reserved = parseReservedMemory('0:memory=1Gi;1:memory=1Gi');
const anywhere: TopologyHint = { affinity: undefined, preferred: true };
const asking = (memory: string, more: Partial<corev1.PodSpec> = {}): corev1.Pod => aPod({ containers: [aContainer('main', { resources: { limits: { cpu: '1', memory } } })], ...more });
const main = (pod: corev1.Pod): corev1.Container => pod.spec!.containers[0]!;

describe('--reserved-memory', () => {
  it('is by bank and resource', () => expect([...parseReservedMemory('0:memory=1Gi,hugepages-2Mi=4Mi;1:memory=2Gi')]).toEqual([[0, { memory: gibibytes, 'hugepages-2Mi': 4 * 2 ** 20 }], [1, { memory: 2 * gibibytes }]]));
  it.each([
    ['memory=1Gi', 'is not node:resource=quantity'],
    ['0:cpu=1', 'is neither memory nor huge pages'],
    ['0:memory=1Gi;0:memory=1Gi', 'duplicate value for NUMA node 0'],
  ])('refuses %s', (text, message) => expect(() => parseReservedMemory(text)).toThrow(message));

  it('must be what the node keeps', () => {
    expect(() => checkReservedMemory(reserved, { memory: gibibytes })).toThrow('the total amount "2147483648" of type "memory" is not equal to the value "1073741824" determined by Node Allocatable feature');
    expect(() => checkReservedMemory(reserved, { memory: 2 * gibibytes })).not.toThrow();
  });
});

describe('the static policy for memory', () => {
  const table = (): MemoryTable => new MemoryTable(banks, reserved);
  const give = (book: MemoryTable, pod: corev1.Pod, hint = anywhere): string | readonly number[] => book.allocate(pod, main(pod), hint)?.message ?? book.banksOf(pod.metadata.uid!, 'main');

  it('promises guaranteed containers memory of one bank as long as one has it', () => {
    const book = table();
    expect([give(book, asking('5Gi')), give(book, asking('5Gi')), give(book, aPod())]).toEqual([[0], [1], []]);
    expect(give(book, asking('3Gi'))).toBe('Pod was rejected: Allocate failed due to [memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available, which is unexpected');
    expect(give(book, asking('2Gi'))).toEqual([0]);
  });

  it('promises nothing to containers of a pod that asks as a whole', () => {
    expect(give(table(), asking('5Gi', { resources: { requests: { cpu: '1', memory: '6Gi' }, limits: { cpu: '1', memory: '6Gi' } } }))).toEqual([]);
  });

  it('takes both banks for what no one bank has, and gives others both or none of them', () => {
    const book = table();
    const big = asking('10Gi');
    expect(give(book, big)).toEqual([0, 1]);
    const small = asking('1Gi');
    expect(give(book, small)).toEqual([0, 1]);
    expect(give(book, asking('4Gi'))).toContain('no NUMA nodes with enough memory');
    book.release(small.metadata.uid!);
    book.release(big.metadata.uid!);
    expect(give(book, asking('1Gi'))).toEqual([0]);
  });

  it('takes it from where it is told, if that has it', () => {
    const book = table();
    expect(give(book, asking('5Gi'), { affinity: 0b10, preferred: true })).toEqual([1]);
    expect(give(book, asking('5Gi'), { affinity: 0b10, preferred: true })).toEqual([0]);
  });

  it('lets a container have what an init container had', () => {
    const book = table();
    const pod = asking('7Gi', { initContainers: [aContainer('init', { resources: { limits: { cpu: '1', memory: '7Gi' } } })] });
    book.allocate(pod, pod.spec!.initContainers![0]!, { affinity: 1, preferred: true });
    expect(give(book, pod, { affinity: 1, preferred: true })).toEqual([0]);
    expect(give(book, asking('7Gi'))).toEqual([1]);
  });
});

describe('MemoryManager', () => {
  let rootDir: string;
  beforeEach(async () => {
    rootDir = await mkdtemp(join(tmpdir(), 'memory-'));
  });
  afterEach(() => rm(rootDir, { recursive: true, force: true }));

  const open = async (policy: 'None' | 'Static'): Promise<MemoryManager> => {
    const manager = new MemoryManager({ policy, reserved, kept: { memory: 2 * gibibytes } }, { rootDir, log: silentLogger, metrics: new PlacementMetrics(new Registry()).memory });
    await manager.start(banks);
    return manager;
  };

  it('knows after a restart what it promised', async () => {
    const pod = asking('5Gi');
    const first = await open('Static');
    expect(first.allocate(pod, main(pod), anywhere)).toBeUndefined();
    await first.stop();
    const second = await open('Static');
    expect([second.banksOf(pod.metadata.uid!, 'main'), second.banksOf('other', 'main')]).toEqual(['0', '']);
    await second.stop();
    await expect(open('None')).rejects.toThrow('[memorymanager] configured policy "None" differs from state checkpoint policy "Static"');
  });
});
