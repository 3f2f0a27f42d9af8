import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { volumeMetrics } from '../server/volume-metrics';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { ServerBench } from '../testing/server-bench';
import { VolumeMeasures, type MeasurableVolume } from './volume-stats';

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
    const measures = new VolumeMeasures({ clock, log: silentLogger, onMeasured: (source) => sources.push(source), volumes: () => [{ name: 'data', path: join(root, 'data'), claim: { name: 'mine', namespace: 'default' } }, { name: 'gone', path: join(root, 'gone') }] });
    const [data, ...others] = await measures.of('uid');
    expect(sources).toEqual(['du']);
    expect(others).toEqual([]);
    expect(data).toMatchObject({ name: 'data', pvcRef: { name: 'mine', namespace: 'default' }, inodesUsed: 2, time: new Date(clock.now()).toISOString() });
    // What the file's blocks take, and its directory's.
    expect(data?.usedBytes).toBeGreaterThanOrEqual(100 * 1024);
    expect(data?.usedBytes).toBeLessThan(200 * 1024);
    expect(data?.capacityBytes).toBeGreaterThan(data?.usedBytes ?? Infinity);
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
