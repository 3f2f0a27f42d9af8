import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type corev1 } from '@navarch/api';
import { DeviceTable } from '../devices/device-table';
import { aContainer, aPod } from '../testing/pod-bench';
import { type HintProvider } from './hint-provider';
import { choicesOf, countOf, maskOf } from './numa-mask';
import { inspectNumaDistances } from './numa-distances';
import { placementOptions } from './placement-options';
import { decideTopology, type TopologyPolicy } from './policies';
import { countedHints, mergeHints, type ResourceHints, type TopologyHint } from './topology-hint';
import { TopologyManager } from './topology-manager';

const both = 0b11;
const good = (affinity: number): TopologyHint => ({ affinity, preferred: true });
const poor = (affinity: number): TopologyHint => ({ affinity, preferred: false });
const of = (...lists: (readonly TopologyHint[] | undefined)[]): ResourceHints => new Map(lists.map((list, index) => [`r${index}`, list]));

describe('masks of memory banks', () => {
  it('are every choice, small ones first', () => expect(choicesOf([0, 1, 2])).toEqual([1, 2, 4, 3, 5, 6, 7]));
  it('need not begin at nought', () => expect(choicesOf([1, 3])).toEqual([2, 8, 10]));
});

describe('decideTopology', () => {
  const everywhere = [good(1), good(2), poor(3)];
  it.each<[string, TopologyPolicy, ResourceHints[], TopologyHint, boolean]>([
    ['asks nobody without a policy', 'none', [of([])], { affinity: undefined, preferred: true }, true],
    ['takes what both can give', 'best-effort', [of(everywhere), of([good(2)])], good(2), true],
    ['takes the first of equals', 'restricted', [of(everywhere)], good(1), true],
    ['does not mind who does not', 'restricted', [of(everywhere), new Map(), of(undefined)], good(1), true],
    ['begins with what is far apart', 'best-effort', [of([good(1)]), of([good(2), poor(3)])], poor(1), true],
    ['does not, where that is restricted', 'restricted', [of([good(1)]), of([good(2), poor(3)])], poor(1), false],
    ['allows two banks that there must be', 'restricted', [of([good(3)])], good(3), true],
    ['does not, where one is wanted', 'single-numa-node', [of([good(3)])], { affinity: undefined, preferred: false }, false],
    ['takes one bank', 'single-numa-node', [of(everywhere), of(everywhere)], good(1), true],
    ['takes any where nobody minds', 'single-numa-node', [new Map()], { affinity: undefined, preferred: true }, true],
    ['begins with less than enough, and says so', 'best-effort', [of([])], poor(3), true],
    ['does not begin with less than enough', 'restricted', [of([])], poor(3), false],
  ])('%s', (_what, policy, providers, hint, admit) => {
    expect(decideTopology(policy, providers, both)).toEqual({ hint, admit });
  });

  it('never takes a bank that somebody cannot give', () => {
    const hint = fc.record({ affinity: fc.integer({ min: 1, max: 7 }), preferred: fc.boolean() });
    fc.assert(fc.property(fc.array(fc.array(hint, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }), (lists) => {
      const { affinity = 0, preferred } = mergeHints(lists, 7);
      if (preferred) expect(lists.every((list) => list.some((each) => each.preferred && (each.affinity & affinity) === affinity))).toBe(true);
      expect(affinity).toBeGreaterThan(0);
    }));
  });
});

describe('the closest of as many memory banks', () => {
  // 0 is near 2, and 1 near 3.
  const distances = new Map([[0, [10, 30, 20, 30]], [1, [30, 10, 30, 20]], [2, [20, 30, 10, 30]], [3, [30, 20, 30, 10]]]);
  const pairs = choicesOf([0, 1, 2, 3]).filter((mask) => countOf(mask) === 2);

  it('are taken where that is wanted, else the first', () => {
    expect([mergeHints([pairs.map(good)], 15), mergeHints([pairs.map(good)], 15, distances)]).toEqual([good(0b0011), good(0b0101)]);
    expect(decideTopology('best-effort', [of(pairs.map(poor).filter(({ affinity }) => affinity !== 0b0101))], 15, distances).hint).toEqual(poor(0b1010));
  });

  it('are not taken before fewer', () => expect(mergeHints([[...pairs.map(good), good(0b1000)]], 15, distances)).toEqual(good(0b1000)));

  it('are as far from each other as the kernel says', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'node-'));
    await mkdir(join(directory, 'node1'));
    await writeFile(join(directory, 'node1', 'distance'), '21 10\n');
    expect(await inspectNumaDistances([0, 1], directory)).toEqual(new Map([[0, [0, 0]], [1, [21, 10]]]));
    await rm(directory, { recursive: true });
  });
});

describe('countedHints', () => {
  it('prefer as few banks as could ever do, even where those are taken', () => {
    const capacity = (): number => 4;
    expect(countedHints([0, 1], 3, capacity, () => 4)).toEqual([good(1), good(2), poor(3)]);
    expect(countedHints([0, 1], 3, capacity, () => 2)).toEqual([poor(3)]);
    expect(countedHints([0, 1], 6, capacity, () => 4)).toEqual([good(3)]);
    expect(countedHints([0, 1], 9, capacity, () => 4)).toEqual([]);
  });
});

describe('TopologyManager', () => {
  const provider = (hints: ResourceHints, log: string[], refuses = false): HintProvider => ({
    hints: () => hints,
    podHints: () => hints,
    allocate: (_pod, container, { affinity }) => {
      log.push(`${container.name} from ${affinity ?? 'anywhere'}`);
      return refuses && container.name === 'two' ? { reason: 'UnexpectedAdmissionError', message: 'no' } : undefined;
    },
    forgetPod: () => log.push('forgotten'),
  });
  const pod: corev1.Pod = aPod({ initContainers: [aContainer('one')], containers: [aContainer('two')] });
  const admit = (policy: TopologyPolicy, scope: 'container' | 'pod', hints: ResourceHints, refuses = false) => {
    const log: string[] = [];
    return { rejection: new TopologyManager({ policy, scope, preferClosest: false }, () => new Map([[0, [10, 21]], [1, [21, 10]]]), [provider(hints, log, refuses)]).admit(pod), log };
  };

  it('sets aside for each container from where all agree', () => {
    expect(admit('restricted', 'container', of([good(2)]))).toEqual({ rejection: undefined, log: ['one from 2', 'two from 2'] });
    expect(admit('single-numa-node', 'pod', of([good(2), good(1)]))).toEqual({ rejection: undefined, log: ['one from 1', 'two from 1'] });
    expect(admit('none', 'container', of([]))).toEqual({ rejection: undefined, log: ['one from anywhere', 'two from anywhere'] });
  });

  it('counts what is kept in one bank, where that is promised', () => {
    const counted: string[] = [];
    const admitted = (policy: TopologyPolicy, scope: 'container' | 'pod', hints: ResourceHints): unknown =>
      new TopologyManager(
        { policy, scope, preferClosest: false },
        () =>
          new Map([
            [0, [10, 21]],
            [1, [21, 10]],
          ]),
        [provider(hints, [])],
        { aligned: (...told) => counted.push(told.join(' ')) },
      ).admit(pod);
    admitted('single-numa-node', 'container', of([good(2)]));
    admitted('single-numa-node', 'pod', of([good(3)]));
    admitted('restricted', 'container', of([good(2)]));
    expect(counted).toEqual(['container numa_node true', 'container numa_node true', 'pod numa_node false']);
  });

  it('keeps nothing of a pod that may not begin', () => {
    const refused = { reason: 'TopologyAffinityError', message: 'Pod was rejected: Resources cannot be allocated with Topology locality' };
    expect(admit('single-numa-node', 'container', of([good(3)]))).toEqual({ rejection: refused, log: ['forgotten'] });
    expect(admit('restricted', 'pod', of([poor(1)]))).toEqual({ rejection: refused, log: ['forgotten'] });
    expect(admit('best-effort', 'container', of([good(1)]), true)).toEqual({ rejection: { reason: 'UnexpectedAdmissionError', message: 'no' }, log: ['one from 1', 'two from 1', 'forgotten'] });
  });
});

describe('devices', () => {
  const resource = 'example.com/gpu';
  const table = (): DeviceTable => {
    const devices = new DeviceTable();
    devices.set(resource, [{ id: 'a', healthy: true, numaNodes: [0] }, { id: 'b', healthy: true, numaNodes: [1] }, { id: 'c', healthy: true, numaNodes: [1] }, { id: 'd', healthy: true }]);
    return devices;
  };

  it('are close to some banks, where their plug-in says so', () => {
    expect(table().hints([0, 1], resource, 2, ['a', 'b', 'c', 'd'])).toEqual([good(2), poor(3)]);
    expect(table().hints([0, 1], resource, 2, ['a', 'b'])).toEqual([poor(3)]);
    const silent = new DeviceTable();
    silent.set(resource, [{ id: 'a', healthy: true }]);
    expect(silent.hints([0, 1], resource, 1, ['a'])).toBeUndefined();
  });

  it('are taken from close by, then from further away, and last where nobody knows', () => {
    expect(table().inOrder(resource, ['a', 'b', 'c', 'd'], maskOf([1]))).toEqual(['b', 'c', 'a', 'd']);
    expect(table().asCloseAs(resource, ['b'], ['a', 'c', 'd'])).toEqual(['c']);
    expect(table().asCloseAs(resource, ['d'], ['a', 'c'])).toEqual(['a', 'c']);
  });
});

describe('flags of placement', () => {
  const flags = {
    cpuManagerPolicy: 'static',
    cpuManagerPolicyOptions: {} as Record<string, string>,
    reservedCpus: undefined,
    memoryManagerPolicy: 'None',
    reservedMemory: undefined,
    topologyManagerPolicy: 'none',
    topologyManagerScope: 'container',
    topologyManagerPolicyOptions: {} as Record<string, string>,
    kubeReserved: { cpu: '1' },
    systemReserved: { cpu: '500m' },
  };

  it('say what is reserved', () =>
    expect(placementOptions({ ...flags, cpuManagerPolicyOptions: { 'full-pcpus-only': 'true' } }, 0).cpus).toEqual({
      policy: 'static',
      reservedMilliCpu: 1500,
      reservedCpus: [],
      fullCores: true,
      strictReservation: false,
      spread: false,
      acrossCores: false,
      bySocket: false,
      byCache: false,
    }));

  it('say how memory banks are chosen', () =>
    expect(
      placementOptions({ ...flags, topologyManagerPolicyOptions: { 'prefer-closest-numa-nodes': 'true', 'max-allowable-numa-nodes': '10' } }, 0).topology,
    ).toEqual({ policy: 'none', scope: 'container', preferClosest: true, maxNumaNodes: 10 }));

  it.each<[string, Partial<typeof flags>, string]>([
    ['an option that is not here', { cpuManagerPolicyOptions: { 'align-by-moon': 'true' } }, 'unsupported cpumanager option: "align-by-moon"'],
    ['options that exclude each other', { cpuManagerPolicyOptions: { 'full-pcpus-only': 'true', 'distribute-cpus-across-cores': 'true' } }, 'static policy options full-pcpus-only and distribute-cpus-across-cores can not be used at the same time'],
    ['sockets where one bank is wanted', { cpuManagerPolicyOptions: { 'align-by-socket': 'true' }, topologyManagerPolicy: 'single-numa-node' }, 'incompatible with CPUManager Align by socket policy option'],
    ['an option of topology that is not here', { topologyManagerPolicyOptions: { 'prefer-moon': 'true' } }, 'unknown Topology Manager Policy option: "prefer-moon"'],
    ['fewer memory banks than upstream takes', { topologyManagerPolicyOptions: { 'max-allowable-numa-nodes': '4' } }, 'the value of "max-allowable-numa-nodes" should not be less than 8 or more than 16'],
    ['a number that is none', { topologyManagerPolicyOptions: { 'max-allowable-numa-nodes': 'x' } }, 'unable to convert policy option to integer "max-allowable-numa-nodes"'],
    ['an option that is neither', { cpuManagerPolicyOptions: { 'full-pcpus-only': 'yes' } }, 'bad value for option "full-pcpus-only": "yes"'],
    ['options without a policy', { cpuManagerPolicy: 'none', cpuManagerPolicyOptions: { 'full-pcpus-only': 'true' } }, 'none policy: received unsupported options'],
  ])('refuse %s', (_what, more, message) => expect(() => placementOptions({ ...flags, ...more }, 0)).toThrow(message));
});

it('counts bits', () => expect([0, 1, 3, 255].map(countOf)).toEqual([0, 1, 2, 8]));
