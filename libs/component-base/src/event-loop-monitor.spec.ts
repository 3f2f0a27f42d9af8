import { Registry } from 'prom-client';
import { EventLoopMonitor } from './event-loop-monitor';
import { silentLogger } from './logger';

describe('EventLoopMonitor', () => {
  const warnings: unknown[] = [];
  beforeEach(() => (warnings.length = 0));
  const log = Object.assign(Object.create(silentLogger) as typeof silentLogger, { warn: (fields: unknown) => warnings.push(fields) });

  it('counts every second\'s lag, and warns of what puts leases at risk', async () => {
    const registry = new Registry();
    const monitor = new EventLoopMonitor({ registry, log });
    for (const lag of [1, 99.9, 100, 101, 750]) monitor.observe(lag);
    expect(warnings).toEqual([{ lagMs: 101 }, { lagMs: 750 }]);
    const text = await registry.metrics();
    expect(text).toContain('navarch_event_loop_lag_seconds_bucket{le="0.1"} 3');
    expect(text).toContain('navarch_event_loop_lag_seconds_count 5');
  });

  it('sees a thread that was held', async () => {
    const registry = new Registry();
    const monitor = new EventLoopMonitor({ registry, log });
    await monitor.start();
    const value = async (name: string): Promise<number> => Number(new RegExp(`lag_seconds_${name} (\\d+)`).exec(await registry.metrics())?.[1]);
    while ((await value('count')) === (await value('bucket{le="0.25"}'))) {
      for (const until = performance.now() + 400; performance.now() < until;);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await monitor.stop();
    expect(warnings.length).toBeGreaterThan(0);
  });
});
