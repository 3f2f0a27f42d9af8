import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { silentLogger, type Logger } from '@navarch/component-base';
import { volumeMetrics } from '../server/volume-metrics';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { ServerBench } from '../testing/server-bench';
import { VolumeMeasures, type MeasurableVolume, type ToldUsage } from './volume-stats';

describe('VolumeMeasures', () => {
  let root: string;
  const clock = new FakeClock();
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'volumes-'));
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data', 'file'), Buffer.alloc(100 * 1024, 1));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('tells what is used of a directory and what its disk has, and leaves out what is not there', async () => {
    const sources: string[] = [];
    const measures = new VolumeMeasures({
      clock,
      log: silentLogger,
      onMeasured: (source) => sources.push(source),
      volumes: () => [
        { name: 'data', path: join(root, 'data'), claim: { name: 'mine', namespace: 'default' } },
        { name: 'gone', path: join(root, 'gone') },
      ],
    });
    const [data, ...others] = await measures.of('uid');
    expect(sources).toEqual(['du']);
    expect(others).toEqual([]);
    expect(data).toMatchObject({ name: 'data', pvcRef: { name: 'mine', namespace: 'default' }, inodesUsed: 2, time: new Date(clock.now()).toISOString() });
    // What the file's blocks take, and its directory's.
    expect(data?.usedBytes).toBeGreaterThanOrEqual(100 * 1024);
    expect(data?.usedBytes).toBeLessThan(200 * 1024);
    expect(data?.capacityBytes).toBeGreaterThan(data?.usedBytes ?? Infinity);
  });

  it('measures itself what its driver does not tell, and logs that once, and again when it comes again', async () => {
    const warnings: string[] = [];
    const sources: string[] = [];
    const log = { ...silentLogger, warn: (_bindings: unknown, message?: string) => void warnings.push(message ?? '') } as Logger;
    let answers = false;
    const ask = (): Promise<ToldUsage> => (answers ? Promise.resolve({ source: 'disk.example', stats: { usedBytes: 7 } }) : Promise.reject(new Error('no answer')));
    const measures = new VolumeMeasures({ clock, log, onMeasured: (source) => sources.push(source), volumes: () => [{ name: 'data', path: join(root, 'data'), ask }] });
    const used = async (): Promise<number | undefined> => {
      await clock.advance(60_000);
      return (await measures.of('uid'))[0]?.usedBytes;
    };
    for (let period = 0; period < 2; period++) expect(await used()).toBeGreaterThanOrEqual(100 * 1024);
    expect([sources, warnings]).toEqual([['du', 'du'], ['a volume\'s driver does not tell of its use: the node tells what it sees of it']]);
    answers = true;
    expect(await used()).toBe(7);
    answers = false;
    await used();
    expect(warnings).toHaveLength(2);
  });

  it('measures as often as it is told to, and nothing where it is told to measure nothing', async () => {
    let asked = 0;
    const volumes = (): MeasurableVolume[] => [{ name: 'data', path: join(root, `data${asked++ > 0 ? '/none' : ''}`) }];
    await expect(new VolumeMeasures({ clock, log: silentLogger, volumes, periodMs: -1 }).of('uid')).resolves.toEqual([]);
    expect(asked).toBe(0);
    const measures = new VolumeMeasures({ clock, log: silentLogger, volumes, periodMs: 5_000 });
    await measures.of('uid');
    await clock.advance(4_000);
    await measures.of('uid');
    expect(asked).toBe(1);
    await clock.advance(1_000);
    await measures.of('uid');
    expect(asked).toBe(2);
  });

  it('measures a pod at most once a minute', async () => {
    let asked = 0;
    const measures = new VolumeMeasures({ clock, log: silentLogger, volumes: () => [{ name: 'data', path: join(root, `data${asked++ > 0 ? '/none' : ''}`) }] });
    const first = await measures.of('uid');
    await clock.advance(59_000);
    expect([await measures.of('uid'), asked]).toEqual([first, 1]);
    await clock.advance(1_000);
    expect([await measures.of('uid'), asked]).toEqual([[], 2]);
  });
});

it('tells of each claim once, in upstream\'s metrics', () => {
  const used = { time: '', name: 'v', capacityBytes: 10, availableBytes: 4, usedBytes: 6, inodes: 3, inodesFree: 2, inodesUsed: 1 };
  const text = volumeMetrics([{ ...used, pvcRef: { name: 'a', namespace: 'x' } }, { ...used, name: 'w', pvcRef: { name: 'a', namespace: 'x' } }, used]);
  expect(text.split('\n').filter((line) => line.startsWith('kubelet_volume_stats_used_bytes'))).toEqual(['kubelet_volume_stats_used_bytes{namespace="x",persistentvolumeclaim="a"} 6']);
  expect(text.match(/^# TYPE/gm)).toHaveLength(6);
  expect(volumeMetrics([used])).toBe('');
});

describe('a kubelet\'s summary', () => {
  it('has the volumes of a pod that take room', async () => {
    const harness = await KubeletHarness.open();
    await harness.start();
    const server = await ServerBench.open(harness.root, harness.bench.kubelet, harness.runtime, harness.clock);
    try {
      harness.runtime.listContainerStats = () => Promise.resolve([...harness.runtime.containers.values()].map(({ status }) => ({ attributes: { id: status.id, labels: status.labels } }) as never));
      harness.bench.createPod(aPod({ volumes: [{ name: 'scratch', emptyDir: {} }, { name: 'own', hostPath: { path: '/' } }], containers: [aContainer('main', { volumeMounts: [{ name: 'scratch', mountPath: '/s' }, { name: 'own', mountPath: '/own' }] })] }));
      await harness.running('web');
      const summary = JSON.parse((await server.get('/stats/summary')).body) as { pods: { volume: { name: string; usedBytes: number }[] }[] };
      expect(summary.pods[0]?.volume).toEqual([expect.objectContaining({ name: 'scratch', usedBytes: expect.any(Number) as number })]);
      expect((await server.get('/metrics')).code).toBe(200);
    } finally {
      await server.server.stop();
      await harness.close();
    }
  });
});
