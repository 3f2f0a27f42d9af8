import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { FakeRuntime } from '../testing/fake-runtime';
import { ImageGc } from './image-gc';

describe('ImageGc', () => {
  it('keeps the image that sandboxes are made of, even where nothing is left to spare', async () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const registry = new Registry();
    runtime.addImage('pause:1');
    runtime.addImage('app:1');
    await new ImageGc({ highPercent: 85, lowPercent: 80, minAgeMs: 0 }, { runtime, clock, log: silentLogger, metrics: createKubeletMetrics(registry) }).removeUnused();
    expect(runtime.calls.filter((call) => call.startsWith('removeImage'))).toEqual(['removeImage sha256:app:1']);
    expect(await registry.metrics()).toContain('kubelet_image_garbage_collected_total{reason="space"} 1');
  });
});
