import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { eventually } from '@navarch/testing';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { FakeRuntime } from '../testing/fake-runtime';
import { aContainer, aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { ImagePuller } from './image-puller';
import { PullRecords } from './pull-records';

const images = ['a.example/one:1', 'a.example/two:1', 'a.example/three:1', 'a.example/four:1'];

describe('how many images are pulled at once', () => {
  let root: string;
  const clock = new FakeClock();
  let events: RecordedEvents;
  /** Pulls that are under way: what ends each, by image. */
  const underWay = new Map<string, (error?: Error) => void>();
  let begun: string[];
  let runtime: FakeRuntime;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'images-'));
    underWay.clear();
    begun = [];
    events = new RecordedEvents();
    runtime = new FakeRuntime(clock);
    for (const image of images) runtime.registry.add(image);
    runtime.behave['pullImage'] = (image) => new Promise<void>((resolve, reject) => {
      begun.push(String(image));
      underWay.set(String(image), (error) => {
        underWay.delete(String(image));
        if (error) reject(error);
        else resolve();
      });
    });
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Asks for all images, one after the other. */
  const ask = async (maxParallelPulls: number): Promise<Promise<unknown>[]> => {
    const records = new PullRecords(root, { clock, log: silentLogger });
    await records.start(() => runtime.listImages());
    const puller = new ImagePuller(
      { maxParallelPulls, access: { policy: 'NeverVerifyPreloadedImages', allowlist: [] } },
      { runtime, events, clock, records, metrics: createKubeletMetrics(new Registry()).images, pullSecrets: () => Promise.resolve([]) },
    );
    const asked: Promise<unknown>[] = [];
    for (const [index, image] of images.entries()) {
      asked.push(puller.ensure(aPod(), aContainer('main', { image }), undefined, new AbortController().signal).then(() => undefined, (error: unknown) => error));
      await eventually(() => events.lines.filter((line) => line === `Pulling: Pulling image "${image}"`).length > 0 && (maxParallelPulls > 0 && index >= maxParallelPulls || begun.includes(image)));
    }
    return asked;
  };
  const end = (image: string, error?: Error): void => underWay.get(image)?.(error);

  it('is one where pulls are serial: the others come after it, in the order they were asked for', async () => {
    const asked = await ask(1);
    for (const [index, image] of images.entries()) {
      await eventually(() => underWay.has(image));
      expect([...underWay.keys()]).toEqual([image]);
      end(image);
      await asked[index];
    }
    expect(begun).toEqual(images);
  });

  it('is two at most with a limit of two, and one that fails makes room too', async () => {
    const [one = '', two = '', three = '', four = ''] = images;
    const asked = await ask(2);
    expect([...underWay.keys()]).toEqual([one, two]);
    end(two, new Error('no such image'));
    await expect(asked[1]).resolves.toMatchObject({ reason: 'ErrImagePull', message: 'no such image' });
    await eventually(() => underWay.has(three));
    expect([...underWay.keys()]).toEqual([one, three]);
    end(one);
    await eventually(() => underWay.has(four));
    expect([...underWay.keys()]).toEqual([three, four]);
    end(three);
    end(four);
    await expect(Promise.all(asked)).resolves.toEqual([undefined, expect.any(Error), undefined, undefined]);
    expect(begun).toEqual(images);
  });

  it('has no bounds without a limit', async () => {
    const asked = await ask(0);
    expect([...underWay.keys()]).toEqual(images);
    for (const image of images) end(image);
    await Promise.all(asked);
  });
});
