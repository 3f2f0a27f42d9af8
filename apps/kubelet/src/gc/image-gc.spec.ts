import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { FakeRuntime } from '../testing/fake-runtime';
import { RecordedEvents } from '../testing/recorded-events';
import { ImageGc } from './image-gc';

const nothingPulled = { prune: () => Promise.resolve() };

describe('ImageGc', () => {
  it('keeps the image that sandboxes are made of, even where nothing is left to spare', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const registry = new Registry();
    runtime.addImage('pause:1');
    runtime.addImage('app:1');
    await new ImageGc({ highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 }, { records: nothingPulled, runtime, clock, events: new RecordedEvents(), log: silentLogger, metrics: createKubeletMetrics(registry) }).removeUnused();
    expect(runtime.calls.filter((call) => call.startsWith('removeImage'))).toEqual(['removeImage sha256:app:1']);
    expect(await registry.metrics()).toContain('kubelet_image_garbage_collected_total{reason="space"} 1');
  });

  it('removes what nobody has used for long, where that is wanted, whatever room there is', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const registry = new Registry();
    for (const image of ['used:1', 'old:1']) runtime.addImage(image);
    const pruned: string[][] = [];
    runtime.imageFsInfo = () => Promise.resolve(runtimev1.ImageFsInfoResponse.fromPartial({ imageFilesystems: [{ fsId: { mountpoint: '/images' } }] }));
    runtime.listContainers = () => Promise.resolve([runtimev1.Container.fromPartial({ id: 'c', imageRef: 'used:1' })]);
    const gc = new ImageGc(
      { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 60_000 },
      {
        records: { prune: (images) => Promise.resolve(void pruned.push([...images])) },
        runtime,
        clock,
        events: new RecordedEvents(),
        log: silentLogger,
        metrics: createKubeletMetrics(registry),
        usage: () => Promise.resolve({ capacity: 100, available: 90 }),
      },
    );
    await gc.collect();
    await clock.advance(60_000);
    await gc.collect();
    expect(runtime.calls.filter((call) => call.startsWith('removeImage'))).toEqual([]);
    await clock.advance(1);
    await gc.collect();
    expect(runtime.calls.filter((call) => call.startsWith('removeImage'))).toEqual(['removeImage sha256:old:1']);
    expect(pruned.at(-1)).toEqual(['sha256:used:1']);
    expect(await registry.metrics()).toContain('kubelet_image_garbage_collected_total{reason="age"} 1');
  });

  it('leaves a full disk alone where it is turned off by a threshold of 100 and no age', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    runtime.addImage('unused:1');
    const asked = jest.spyOn(runtime, 'imageFsInfo');
    await new ImageGc({ highPercent: 100, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 }, { records: nothingPulled, runtime, clock, events: new RecordedEvents(), log: silentLogger, metrics: createKubeletMetrics(new Registry()) }).collect();
    expect(asked).not.toHaveBeenCalled();
  });

  it('keeps what containers use, however long it takes to look', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    runtime.addImage('used:1');
    runtime.addImage('other:1');
    const list = runtime.listContainers.bind(runtime);
    runtime.listContainers = async () => [...await list(), runtimev1.Container.fromPartial({ id: 'c', imageRef: 'used:1' })];
    const images = runtime.listImages.bind(runtime);
    runtime.listImages = async () => {
      await clock.advance(5);
      return images();
    };
    runtime.imageFsInfo = async () => {
      await clock.advance(5);
      return runtimev1.ImageFsInfoResponse.fromPartial({ imageFilesystems: [{ fsId: { mountpoint: '/images' } }] });
    };
    const gc = new ImageGc(
      { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 },
      {
        records: nothingPulled,
        runtime,
        clock,
        events: new RecordedEvents(),
        log: silentLogger,
        metrics: createKubeletMetrics(new Registry()),
        usage: () => Promise.resolve({ capacity: 100, available: 1 }),
      },
    );
    await expect(gc.collect()).rejects.toThrow('Insufficient free disk space');
    expect(runtime.calls.filter((call) => call.startsWith('removeImage'))).toEqual([]);
    await clock.advance(1);
    await gc.removeUnused();
    expect(runtime.calls.filter((call) => call.startsWith('removeImage'))).toEqual(['removeImage sha256:other:1']);
  });

  it('tells in the node\'s events of a file system that has no room at all, and judges none that is not told of', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const events = new RecordedEvents();
    const gc = new ImageGc(
      { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 },
      {
        records: nothingPulled,
        runtime,
        clock,
        events,
        log: silentLogger,
        metrics: createKubeletMetrics(new Registry()),
        usage: () => Promise.resolve({ capacity: 0, available: 0 }),
      },
    );
    await expect(gc.collect()).rejects.toThrow('imageFs information is unavailable');
    runtime.imageFsInfo = () => Promise.resolve(runtimev1.ImageFsInfoResponse.fromPartial({ imageFilesystems: [{ fsId: { mountpoint: '/images' } }] }));
    await expect(gc.collect()).rejects.toThrow('invalid capacity 0 on image filesystem');
    expect(events.lines).toEqual(['InvalidDiskCapacity: invalid capacity 0 on image filesystem', 'ImageGCFailed: invalid capacity 0 on image filesystem']);
  });

  it('removes what it can, and tells in the node\'s events of what it cannot', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const events = new RecordedEvents();
    for (const image of ['stuck:1', 'other:1']) runtime.addImage(image);
    runtime.imageFsInfo = () => Promise.resolve(runtimev1.ImageFsInfoResponse.fromPartial({ imageFilesystems: [{ fsId: { mountpoint: '/images' } }] }));
    runtime.behave['removeImage'] = (id) => {
      if (id === 'sha256:stuck:1') throw new Error('it is stuck');
      for (const [name, image] of runtime.images) if (image.id === id) runtime.images.delete(name);
    };
    const gc = new ImageGc(
      { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 },
      {
        records: nothingPulled,
        runtime,
        clock,
        events,
        log: silentLogger,
        metrics: createKubeletMetrics(new Registry()),
        usage: () => Promise.resolve({ capacity: 100 * 2 ** 30, available: 2 ** 30 }),
      },
    );
    await clock.advance(1);
    await expect(gc.collect()).rejects.toThrow('it is stuck');
    expect([...runtime.images.keys()]).toEqual(['stuck:1']);
    expect(events.lines).toEqual([]);
    delete runtime.behave['removeImage'];
    const message =
      "Insufficient free disk space on the node's image filesystem (99% of 100.0 GiB used). Failed to free sufficient space by deleting unused images (freed 1000 bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.";
    await expect(gc.collect()).rejects.toThrow(message);
    expect(events.lines).toEqual([`FreeDiskSpaceFailed: ${message}`, `ImageGCFailed: ${message}`]);
  });
});
