import { mkdir, writeFile } from 'node:fs/promises';
import { core, type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { withContainerThresholds } from './container-thresholds';
import { runtimeMounts, type DiskLayout } from './disk-layout';
import { diskShare } from './disk-share';
import { evictionMessage } from './eviction-message';
import { exceededStorage } from './local-storage';
import { noUsage, type PodUsage } from './pod-usage';
import { assessPressure, noPressure, type Levels } from './pressure';
import { rankPods } from './rank-pods';
import { memoryLevel, pidLevel } from './read-levels';
import { parseThresholds, withAllocatableMemory, type Signal } from './thresholds';

const hard = (text: string, minimumReclaim: Record<string, string> = {}) => parseThresholds({ hard: text, soft: '', softGrace: {}, minimumReclaim });
const using = (memoryBytes: number, more: Partial<PodUsage> = {}): PodUsage => ({ ...noUsage, memoryBytes, ...more });

describe('parseThresholds', () => {
  it('reads hard and soft ones', () => {
    expect(parseThresholds({ hard: 'memory.available<100Mi,nodefs.available<10%', soft: 'memory.available<1Gi', softGrace: { 'memory.available': '1m30s' }, minimumReclaim: { 'memory.available': '1Mi' } })).toEqual([
      { signal: 'memory.available', amount: { quantity: '100Mi' }, graceMs: 0, reclaim: { quantity: '1Mi' } }, { signal: 'nodefs.available', amount: { percent: 10 }, graceMs: 0 },
      { signal: 'memory.available', amount: { quantity: '1Gi' }, graceMs: 90_000, reclaim: { quantity: '1Mi' } },
    ]);
  });

  it('takes 0% and 100% for none', () => expect(hard('nodefs.available<0%,imagefs.available<100%')).toEqual([]));

  it.each<[string, Parameters<typeof parseThresholds>[0], string]>([
    ['a signal it does not know', { hard: 'disk<1', soft: '', softGrace: {}, minimumReclaim: {} }, '--eviction-hard: unsupported eviction signal disk'],
    ['another operator', { hard: 'memory.available>1', soft: '', softGrace: {}, minimumReclaim: {} }, 'invalid eviction threshold syntax memory.available>1'],
    ['more than everything', { hard: 'memory.available<101%', soft: '', softGrace: {}, minimumReclaim: {} }, 'must be between 0% and 100%'],
    ['two of one signal', { hard: 'memory.available<1,memory.available<2', soft: '', softGrace: {}, minimumReclaim: {} }, '--eviction-hard: found duplicate eviction threshold for signal memory.available'],
    ['less than nothing', { hard: 'memory.available<-1Mi', soft: '', softGrace: {}, minimumReclaim: {} }, 'eviction threshold quantity must be positive: -1Mi'],
    ['a soft one without a grace', { hard: '', soft: 'memory.available<1', softGrace: {}, minimumReclaim: {} }, 'grace period must be specified for the soft eviction threshold memory.available'],
  ])('refuses %s', (_what, flags, message) => expect(() => parseThresholds(flags)).toThrow(message));
});

describe('withContainerThresholds', () => {
  const flags = { hard: 'nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%', soft: 'imagefs.available<20%', softGrace: { 'imagefs.available': '1m' }, minimumReclaim: { 'imagefs.available': '1Gi' } };
  const own = parseThresholds(flags);
  const ofContainers = (layout: Parameters<typeof withContainerThresholds>[1], thresholds = own): object[] => withContainerThresholds(thresholds, layout).thresholds.filter(({ signal }) => signal.startsWith('containerfs'));
  const asNode = [{ signal: 'containerfs.available', amount: { percent: 10 }, graceMs: 0 }, { signal: 'containerfs.inodesFree', amount: { percent: 5 }, graceMs: 0 }];

  it.each<[string, Parameters<typeof withContainerThresholds>[1], object[]]>([
    ['everything on one file system', { imagesApart: false, containersApart: false }, asNode],
    ['images and containers on another', { imagesApart: true, containersApart: false }, [
      { signal: 'containerfs.available', amount: { percent: 15 }, graceMs: 0, reclaim: { quantity: '1Gi' } }, { signal: 'containerfs.available', amount: { percent: 20 }, graceMs: 60_000, reclaim: { quantity: '1Gi' } },
    ]],
    ['images alone on another', { imagesApart: true, containersApart: true }, asNode],
    ['containers alone on another, of which upstream knows nothing', { imagesApart: false, containersApart: true }, []],
  ])('has, with %s, the thresholds of where they write', (_what, layout, expected) => {
    const { thresholds, ignored } = withContainerThresholds(own, layout);
    expect([thresholds, ignored]).toEqual([[...own, ...expected], []]);
  });

  it('overrules what flags say of containers', () => {
    const given = parseThresholds({ ...flags, hard: `${flags.hard},containerfs.available<1%`, soft: 'containerfs.inodesFree<1%', softGrace: { 'containerfs.inodesFree': '1m' } });
    expect(ofContainers({ imagesApart: false, containersApart: false }, given)).toEqual(asNode);
    expect(withContainerThresholds(given, { imagesApart: false, containersApart: false }).ignored).toEqual(['found containerfs.available for hard eviction. ignoring', 'found containerfs.inodesFree for soft eviction. ignoring']);
  });

  it('takes what an older runtime does not say for where its images are', () => {
    const at = (mountpoint: string): runtimev1.FilesystemUsage => runtimev1.FilesystemUsage.fromPartial({ fsId: { mountpoint } });
    expect(runtimeMounts({ imageFilesystems: [at('/i')], containerFilesystems: [] })).toEqual({ images: '/i', containers: '/i' });
    expect(runtimeMounts({ imageFilesystems: [at('/i')], containerFilesystems: [at('/c')] })).toEqual({ images: '/i', containers: '/c' });
  });
});

describe('assessPressure', () => {
  const level = (available: number): Levels => ({ 'memory.available': { available, capacity: 1000 } });

  it('acts on a hard threshold at once, and lets the condition stay for a while', () => {
    const thresholds = hard('memory.available<100');
    const low = assessPressure(thresholds, level(99), noPressure, 0, 300_000);
    expect([low.conditions, low.act]).toEqual([['MemoryPressure'], thresholds]);
    const better = assessPressure(thresholds, level(100), low.state, 10_000, 300_000);
    expect([better.conditions, better.act]).toEqual([['MemoryPressure'], []]);
    expect(assessPressure(thresholds, level(100), better.state, 300_000, 300_000).conditions).toEqual([]);
  });

  it('keeps as much memory free for pods together as for the node', () => {
    const thresholds = withAllocatableMemory(hard('memory.available<100,nodefs.available<10%'));
    const low = assessPressure(thresholds, { 'memory.available': { available: 500, capacity: 1000 }, 'allocatableMemory.available': { available: 99, capacity: 600 } }, noPressure, 0, 0);
    expect([low.conditions, low.act.map(({ signal }) => signal)]).toEqual([['MemoryPressure'], ['allocatableMemory.available']]);
  });

  it('waits for the grace of a soft threshold, and begins anew after a break', () => {
    const thresholds = parseThresholds({ hard: '', soft: 'memory.available<10%', softGrace: { 'memory.available': '30s' }, minimumReclaim: {} });
    const first = assessPressure(thresholds, level(50), noPressure, 0, 0);
    expect([first.conditions, first.act]).toEqual([['MemoryPressure'], []]);
    expect(assessPressure(thresholds, level(50), first.state, 30_000, 0).act).toEqual(thresholds);
    const broken = assessPressure(thresholds, level(500), first.state, 10_000, 0);
    expect(assessPressure(thresholds, level(50), broken.state, 30_000, 0).act).toEqual([]);
  });

  it('goes on until the minimum reclaim is free too', () => {
    const thresholds = hard('memory.available<100', { 'memory.available': '50' });
    expect(assessPressure(thresholds, level(120), noPressure, 0, 0).act).toEqual([]);
    const low = assessPressure(thresholds, level(99), noPressure, 0, 0);
    const state = assessPressure(thresholds, level(149), low.state, 1, 0);
    expect(state.act).toEqual(thresholds);
    expect(assessPressure(thresholds, level(150), state.state, 2, 0).act).toEqual([]);
  });
});

describe('rankPods', () => {
  const everything = { layers: true, files: true, images: true };

  it.each<[string, DiskLayout, string, string]>([
    ['one disk', { imagesApart: false, containersApart: false }, 'nodefs.available', 'both'],
    ['images and containers apart', { imagesApart: true, containersApart: false }, 'nodefs.available', 'files'],
    ['images and containers apart', { imagesApart: true, containersApart: false }, 'imagefs.inodesFree', 'layers'],
    ['images and containers apart', { imagesApart: true, containersApart: false }, 'containerfs.available', 'layers'],
    ['images apart', { imagesApart: true, containersApart: true }, 'nodefs.inodesFree', 'both'],
  ])('with %s (%o), for %s, gives up who fills what is short first', (_what, layout, signal, first) => {
    const usages = { both: { diskBytes: 30, inodes: 30, layerBytes: 15, layerInodes: 15 }, files: { diskBytes: 25, inodes: 25 }, layers: { diskBytes: 20, inodes: 20, layerBytes: 20, layerInodes: 20 } };
    const candidates = Object.entries(usages).map(([name, usage]) => ({ pod: aPod({}, { name }), usage: using(0, usage) }));
    expect(rankPods(candidates, signal as Signal, diskShare(signal as Signal, layout))[0]?.pod.metadata.name).toBe(first);
  });

  it('has nothing of images removed for a disk that has none', () => {
    const apart = { imagesApart: true, containersApart: false };
    expect([diskShare('nodefs.available', apart), diskShare('imagefs.available', apart)]).toMatchObject([{ layers: false, images: false }, { layers: true, images: true }]);
    expect(diskShare('imagefs.available', { imagesApart: true, containersApart: true })).toEqual({ layers: false, files: false, images: true });
  });

  it('gives up those over their request first, then by priority, then by how far', () => {
    const pod = (name: string, priority: number, request: string): corev1.Pod => aPod({ priority, containers: [aContainer('main', { resources: { requests: { memory: request } } })] }, { name });
    const candidates = [
      { pod: pod('within', 0, '1Gi'), usage: using(2 ** 29) }, { pod: pod('over', 10, '1Mi'), usage: using(2 ** 21) }, { pod: pod('far-over', 10, '1Mi'), usage: using(2 ** 25) },
      { pod: pod('over-cheap', 1, '1Mi'), usage: using(2 ** 21) }, { pod: pod('critical', 2_000_000_000, '0'), usage: using(2 ** 30) },
    ];
    expect(rankPods(candidates, 'memory.available', everything).map(({ pod: { metadata } }) => metadata.name)).toEqual(['over-cheap', 'far-over', 'over', 'within']);
  });
});

describe('exceededStorage', () => {
  const limited = aPod({ volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }], containers: [aContainer('main', { resources: { limits: { 'ephemeral-storage': '2Mi' } } })] });
  const mebibyte = 2 ** 20;

  it.each<[string, Partial<PodUsage>, string | undefined, string | undefined]>([
    ['all is well', { emptyDirs: new Map([['v', mebibyte]]) }, undefined, undefined],
    ['an emptyDir is too full', { emptyDirs: new Map([['v', mebibyte + 1]]) }, 'emptydirfs.limit', 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '],
    ['the pod wrote too much', { diskBytes: 3 * mebibyte }, 'ephemeralpodfs.limit', 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. '],
    ['a container wrote too much', { containers: new Map([['main', { memoryBytes: 0, diskBytes: 3 * mebibyte }]]) }, 'ephemeralcontainerfs.limit', 'Container main exceeded its local ephemeral storage limit "2Mi". '],
  ])('says when %s', (_what, usage, signal, message) => expect(exceededStorage(limited, using(0, usage))).toEqual(signal && { signal, message }));

  it('holds a pod to what some of its containers may write, as upstream', () => {
    const pod = aPod({ containers: [aContainer('main', { resources: { limits: { 'ephemeral-storage': '2Mi' } } }), aContainer('other')] });
    expect(exceededStorage(pod, using(0, { diskBytes: 3 * mebibyte }))?.signal).toBe('ephemeralpodfs.limit');
  });
});

it('reads memory without the pages nobody needs, and processes', () => {
  expect(memoryLevel('MemTotal:       1000 kB\nMemFree:         200 kB\nInactive(file):  300 kB\n')).toEqual({ capacity: 1_024_000, available: 512_000 });
  expect(pidLevel('32768\n', '0.1 0.2 0.3 2/768 999')).toEqual({ capacity: 32_768, available: 32_000 });
});

it('says in upstream\'s words why a pod was evicted', () => {
  const [threshold] = hard('memory.available<100Mi');
  const usage = using(0, { containers: new Map([['main', { memoryBytes: 1024 * 10, diskBytes: 0 }], ['modest', { memoryBytes: 1024 * 10, diskBytes: 0 }]]) });
  const pod = aPod({ containers: [aContainer('main'), aContainer('modest', { resources: { requests: { memory: '10Ki' } } })] });
  expect(evictionMessage(threshold!, { available: 50 * 2 ** 20, capacity: 2 ** 30 }, pod, usage)).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 51200Ki. Container main was using 10Ki, request is 0, has larger consumption of memory. ',
  );
  const whole = aPod({ resources: { requests: { memory: '1Ki' } }, containers: [aContainer('modest', { resources: { requests: { memory: '10Ki' } } })], initContainers: [aContainer('main', { restartPolicy: 'Always' })] }, { name: 'web' });
  expect(evictionMessage(threshold!, { available: 50 * 2 ** 20, capacity: 2 ** 30 }, whole, { ...usage, memoryBytes: 20 * 1024 })).toMatch(
    /51200Ki\. Pod web was using 20Ki, request is 1Ki, has larger consumption of memory\. Container main was using 10Ki, request is 0, has larger consumption of memory\. $/,
  );
});

describe('a node that runs low', () => {
  let harness: KubeletHarness;
  let levels: Levels;

  beforeEach(async () => {
    levels = {};
    harness = await KubeletHarness.open(
      () => ({
        eviction: {
          thresholds: [
            ...hard('memory.available<100Mi'),
            ...hard('nodefs.available<10%'),
            { signal: 'pid.available', amount: { quantity: '100' }, graceMs: 20_000 },
          ],
          transitionMs: 60_000,
          maxGraceSeconds: 7,
        },
      }),
      { levels: () => Promise.resolve(levels) },
    );
    await harness.start();
  });
  afterEach(() => harness.close());

  const condition = (type: string): string | undefined => harness.bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find((candidate) => candidate.type === type)?.status;
  const run = async (name: string, spec: Partial<corev1.PodSpec>): Promise<void> => {
    harness.bench.createPod(aPod(spec, { name }));
    await harness.running(name);
  };

  it('gives up a pod at a time, says so, and takes no pods without requests meanwhile', async () => {
    await run('greedy', {});
    await run('modest', { containers: [aContainer('main', { resources: { requests: { memory: '1Gi' } } })] });
    harness.runtime.listContainerStats = () =>
      Promise.resolve(
        [...harness.runtime.containers.values()].map(({ status }) =>
          runtimev1.ContainerStats.fromPartial({ attributes: { id: status.id, labels: status.labels }, memory: { workingSetBytes: { value: 2n ** 20n } } }),
        ),
      );
    levels = { 'memory.available': { available: 2 ** 20, capacity: 2 ** 30 } };
    await harness.passing('evicted', 1000, () => harness.bench.pod('greedy')?.status?.phase === 'Failed');
    const status = harness.bench.pod('greedy')?.status;
    expect(status).toMatchObject({ reason: 'Evicted', message: expect.stringMatching(/^The node was low on resource: memory\. Threshold quantity: 100Mi, available: 1024Ki\. Container main was using 1024Ki, request is 0/) as string });
    expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'TerminationByKubelet' });
    expect(harness.bench.pod('modest')?.status?.phase).toBe('Running');
    expect(await harness.bench.registry.metrics()).toContain('kubelet_eviction_stats_age_seconds_count{eviction_signal="memory.available"} 1');
    levels = {};
    await harness.until('said', () => condition('MemoryPressure') === 'True');
    harness.bench.createPod(aPod({}, { name: 'late' }));
    await harness.until('rejected', () => harness.bench.pod('late')?.status?.phase === 'Failed');
    expect(harness.bench.pod('late')?.status).toMatchObject({ reason: 'Evicted', message: 'Pod was rejected: The node had condition: [MemoryPressure]. ' });
    await run('asks', { containers: [aContainer('main', { resources: { requests: { memory: '1Mi' } } })] });
    await harness.passing('over', 10_000, () => condition('MemoryPressure') === 'False');
  });

  it.each([[30, 7], [5, 5]])('gives a pod with %d seconds of grace %d where there is some time left, once that is over', async (terminationGracePeriodSeconds, given) => {
    await run('web', { terminationGracePeriodSeconds });
    const stops: number[] = [];
    harness.runtime.stopContainer = (id, seconds) => {
      stops.push(seconds);
      harness.runtime.exit(id, 0);
      return Promise.resolve();
    };
    levels = { 'pid.available': { available: 1, capacity: 1000 } };
    await harness.clock.advance(15_000);
    expect(harness.bench.pod('web')?.status?.phase).toBe('Running');
    await harness.passing('evicted', 1000, () => harness.bench.pod('web')?.status?.reason === 'Evicted');
    await harness.passing('ended', 500, () => stops.length > 0);
    expect(stops).toEqual([given]);
  });

  it('is short of disk where what containers write has no room', async () => {
    levels = { 'containerfs.available': { available: 9, capacity: 100 } };
    await harness.passing('said', 1000, () => condition('DiskPressure') === 'True');
  });

  it('removes images that nobody uses before it gives up a pod for disk', async () => {
    await run('web', {});
    harness.runtime.addImage('old:1');
    harness.runtime.listContainers = () =>
      Promise.resolve(
        [...harness.runtime.containers.values()].map(({ status, sandboxId }) =>
          runtimev1.Container.fromPartial({ id: status.id, podSandboxId: sandboxId, state: status.state, labels: status.labels, imageRef: 'app:1' }),
        ),
      );
    levels = { 'nodefs.available': { available: 1, capacity: 100 } };
    const { removeImage } = harness.runtime;
    harness.runtime.removeImage = (image) => {
      levels = { 'nodefs.available': { available: 50, capacity: 100 } };
      return removeImage.call(harness.runtime, image);
    };
    await harness.passing('removed', 1000, () => harness.runtime.calls.includes('removeImage sha256:old:1'));
    await harness.until('said', () => condition('DiskPressure') === 'True');
    expect(harness.bench.pod('web')?.status?.phase).toBe('Running');
    expect(harness.runtime.calls).not.toContain('removeImage sha256:app:1');
  });

  it('gives up a pod for disk though what nobody uses cannot be removed', async () => {
    await run('web', {});
    harness.runtime.addImage('old:1');
    harness.runtime.behave['removeImage'] = () => {
      throw new Error('in use');
    };
    levels = { 'nodefs.available': { available: 1, capacity: 100 } };
    await harness.passing('evicted', 1000, () => harness.bench.pod('web')?.status?.reason === 'Evicted');
    expect(harness.runtime.calls).toContain('removeImage sha256:old:1');
  });

  it('gives up a pod whose emptyDir is too full', async () => {
    await run('web', { volumes: [{ name: 'v', emptyDir: { sizeLimit: '64Ki' } }] });
    const directory = `${harness.root}/kubelet/pods/${harness.bench.pod('web')?.metadata.uid ?? ''}/volumes/kubernetes.io~empty-dir/v`;
    await mkdir(directory, { recursive: true });
    await writeFile(`${directory}/file`, Buffer.alloc(128 * 1024));
    await harness.passing('evicted', 1000, () => harness.bench.pod('web')?.status?.reason === 'Evicted');
    expect(harness.bench.pod('web')?.status?.message).toBe('Usage of EmptyDir volume "v" exceeds the limit "64Ki". ');
  });
});
