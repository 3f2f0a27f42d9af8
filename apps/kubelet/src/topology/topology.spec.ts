import fc from 'fast-check';
import { type corev1 } from '@navarch/api';
import { DeviceTable } from '../devices/device-table';
import { aContainer, aPod } from '../testing/pod-bench';
import { type HintProvider } from './hint-provider';
import { choicesOf, countOf, maskOf } from './numa-mask';
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
    return { rejection: new TopologyManager({ policy, scope }, () => [0, 1], [provider(hints, log, refuses)]).admit(pod), log };
  };

  it('sets aside for each container from where all agree', () => {
    expect(admit('restricted', 'container', of([good(2)]))).toEqual({ rejection: undefined, log: ['one from 2', 'two from 2'] });
    expect(admit('single-numa-node', 'pod', of([good(2), good(1)]))).toEqual({ rejection: undefined, log: ['one from 1', 'two from 1'] });
    expect(admit('none', 'container', of([]))).toEqual({ rejection: undefined, log: ['one from anywhere', 'two from anywhere'] });
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
  const flags = { cpuManagerPolicy: 'static', cpuManagerPolicyOptions: {}, reservedCpus: undefined, memoryManagerPolicy: 'None', reservedMemory: undefined, topologyManagerPolicy: 'none', topologyManagerScope: 'container', kubeReserved: { cpu: '1' }, systemReserved: { cpu: '500m' } };

  it('say what is reserved', () => expect(placementOptions({ ...flags, cpuManagerPolicyOptions: { 'full-pcpus-only': 'true' } }, 0).cpus).toEqual({ policy: 'static', reservedMilliCpu: 1500, reservedCpus: [], fullCores: true, strictReservation: false, spread: false }));

  it.each<[string, Partial<typeof flags>, string]>([
    ['an option that is not here', { cpuManagerPolicyOptions: { 'align-by-socket': 'true' } }, 'unsupported cpumanager option: "align-by-socket"'],
    ['an option that is neither', { cpuManagerPolicyOptions: { 'full-pcpus-only': 'yes' } }, 'bad value for option "full-pcpus-only": "yes"'],
    ['options without a policy', { cpuManagerPolicy: 'none', cpuManagerPolicyOptions: { 'full-pcpus-only': 'true' } }, 'none policy: received unsupported options'],
  ])('refuse %s', (_what, more, message) => expect(() => placementOptions({ ...flags, ...more }, 0)).toThrow(message));
});

it('counts bits', () => expect([0, 1, 3, 255].map(countOf)).toEqual([0, 1, 2, 8]));
